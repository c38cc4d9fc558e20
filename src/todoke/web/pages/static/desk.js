// The code of a link to the desk stands after "#", so that no proxy's log has it: it is put into the form here, and taken
// out of the address, which a browser remembers.
"use strict";

(() => {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return;
  document.getElementById("code").value = code;
  document.getElementById("typed").hidden = true;
  history.replaceState(null, "", location.pathname);
})();
