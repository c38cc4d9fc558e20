// The door's own script as a module. On a server it does nothing, so that pages may be rendered there.
import "./todoke.js";

export const enhance = (form) => globalThis.todoke.enhance(form);
