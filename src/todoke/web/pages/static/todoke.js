// Sends a page's forms to todoke's door, and says in place what became of them: docs/script.md. Without it they work as well.
(() => {
  "use strict";
  const { document, navigator } = globalThis;
  const script = document?.currentScript;
  const WORDS = {
    en: {
      busy: "Sending …",
      cancel: "Cancel",
      lost: "Nothing is confirmed: no answer came. What you typed is still here. Please send it again.",
      missing: "Please fill this in.",
      wrong: "Please check your answers.",
      receipt: "Your receipt",
      address: "Your mail address",
      correct: "Correct the address",
    },
    ja: {
      busy: "送信しています…",
      cancel: "中止",
      lost: "受け付けを確認できませんでした。入力内容は残っています。もう一度送信してください。",
      missing: "入力してください。",
      wrong: "入力内容をご確認ください。",
      receipt: "受付票",
      address: "メールアドレス",
      correct: "メールアドレスを訂正する",
    },
  };
  const forms = new WeakMap();
  let tickets = new WeakMap(); // a file -> the text that stands for it once it is in the bucket
  let pressed, faults; // the form whose button is being pressed, and its controls that the browser refuses
  let ids = 0;

  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  function make(tag, attributes, ...inside) {
    const made = document.createElement(tag);
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    made.append(...inside);
    return made;
  }

  // Sets an attribute until the form is sent again.
  function mark({ marks }, element, name, value) {
    const before = element.getAttribute(name);
    element.setAttribute(name, value);
    marks.push(() => (before ? element.setAttribute(name, before) : element.removeAttribute(name)));
  }

  function clear({ marks }) {
    while (marks[0]) marks.pop()();
  }

  function call(state, url, body, progress) {
    return new Promise((resolve) => {
      const request = (state.request = new XMLHttpRequest());
      request.open(body ? "POST" : "GET", url);
      request.responseType = "json";
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Accept-Language", state.words.wish);
      if (progress) request.upload.onprogress = progress;
      request.onloadend = () => resolve(request);
      request.send(body);
    });
  }

  // Errors are [control, message]: each stands at its control, and all in a summary.
  function refuse(form, state, text, errors) {
    clear(state);
    let first;
    const list = errors.map(([control, message]) => {
      if (!control) return make("li", {}, message);
      first ??= control;
      const { name, type } = control;
      const all = [...form.elements].filter((one) => one.name === name && one.type === type);
      const group = /radio|checkbox/.test(type) ? all : [control];
      const id = `todoke-${++ids}`;
      const note = make("p", { class: "todoke-error", id }, message);
      const legend = group[1] && control.closest("fieldset")?.querySelector("legend");
      (legend || control.labels?.[0] || control).after(note);
      state.marks.push(() => note.remove());
      for (const one of group) {
        mark(state, one, "aria-invalid", true);
        mark(state, one, "aria-describedby", `${one.getAttribute("aria-describedby") ?? ""} ${id}`);
      }
      const link = make("a", { href: `#${id}` }, message);
      link.onclick = () => control.focus() ?? false;
      return make("li", {}, link);
    });
    const alert = make("div", { class: "todoke-errors", role: "alert", lang: state.words.lang }, make("p", {}, text));
    if (list[0]) alert.append(make("ul", {}, ...list));
    form[first ? "prepend" : "append"](alert);
    state.marks.push(() => alert.remove());
    first?.focus();
  }

  // The browser's own checks count as always; what they say stands in the page, and in its language.
  function onClick({ target }) {
    const button = target.closest?.("button, input");
    const form = button?.form;
    const state = forms.get(form);
    if (!state || !/submit|image/.test(button.type)) return;
    pressed = form;
    faults = [];
    setTimeout(() => {
      pressed = null;
      const { wish, missing, wrong } = state.words;
      const say = ({ validity, validationMessage, title }) =>
        navigator.language.startsWith(wish) || validity.customError
          ? validationMessage
          : validity.valueMissing ? missing : title || wrong;
      if (faults[0]) refuse(form, state, wrong, faults.map((control) => [control, say(control)]));
    });
  }

  function onInvalid(event) {
    const { target } = event;
    if (!pressed || target.form !== pressed) return;
    event.preventDefault();
    if (!faults.some(({ type, name }) => type === "radio" && name === target.name)) faults.push(target);
  }

  // Puts large files into the bucket. Gives the answer that stops it all, or null where there is no bucket for them.
  async function upload(state, url, files, reach) {
    const missing = files.filter(([, file]) => !tickets.has(file));
    const total = missing.reduce((sum, [, file]) => sum + file.size, 0);
    if (total < 3e6) return; // bytes: less travels in the form
    const offers = missing.map(([field, { name, type, size }]) => ({ field, name, type, size }));
    const links = await call(state, url.replace(/^([^?#]*\/)f\/([^/?#]+).*/, "$1u/$2"), JSON.stringify(offers));
    const { uploads } = links.response ?? {}; // asked for once: some browsers read it anew each time
    if (!uploads) return links.status === 404 ? null : links;
    let before = 0;
    for (const [, file] of missing) {
      const { url, fields, value } = uploads.shift();
      const body = new FormData();
      for (const name in fields) body.append(name, fields[name]);
      body.append("file", file);
      const answer = await call(state, url, body, ({ loaded }) => reach((before + loaded) / total));
      if (!/^2/.test(answer.status)) return answer;
      before += file.size;
      tickets.set(file, value);
    }
  }

  async function onSubmit(event) {
    const { target: form, submitter: button } = event;
    const state = forms.get(form);
    const own = (name) => button?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? "";
    if (!state || event.defaultPrevented || !/^post$/i.test(own("method"))) return;
    event.preventDefault();
    if (state.request) return;
    clear(state);
    const { words } = state;
    const url = new URL(own("action"), document.baseURI).href;
    const isMultipart = /^multipart/i.test(own("enctype"));
    const data = new FormData(form, button);
    state.key ??= crypto.getRandomValues(new Uint32Array(4)).join(""); // until it is stored, all tries are one
    if (!data.get("_idempotency")) data.set("_idempotency", state.key);
    const files = isMultipart ? [...data].filter(([, value]) => value.size) : [];

    const live = make("p", { role: "status" });
    const bar = make("progress", { value: 0, "aria-label": words.busy });
    const cancel = make("button", { type: "button" }, words.cancel);
    const box = make("div", { class: "todoke-busy", lang: words.lang }, live);
    const reach = (share) => {
      bar.value = share;
      cancel.hidden = share >= 1; // from here on only the answer tells what became of it
    };
    const stay = (leaving) => leaving.preventDefault();
    cancel.onclick = () => state.request.abort();
    if (files[0]) box.append(bar, cancel);
    form.append(box);
    setTimeout(() => live.append(words.busy)); // a live region speaks of what changes in it
    addEventListener("beforeunload", stay);
    if (button) mark(state, button, "aria-disabled", true);

    let answer = await upload(state, url, files, reach);
    if (!answer) {
      const body = isMultipart ? new FormData() : new URLSearchParams();
      for (const [name, value] of data) body.append(name, tickets.get(value) ?? (isMultipart ? value : value.name ?? value));
      // To ask how far it is takes leave before (a preflight), which is worth it for large files alone.
      answer = await call(state, url, body, answer === null && (({ loaded, total }) => reach(loaded / total)));
    }

    removeEventListener("beforeunload", stay);
    clear(state);
    if (box.contains(document.activeElement)) button?.focus();
    box.remove();
    state.request = null;
    const { status, response } = answer;
    const isStored = status === 200 && response?.id;
    if (isStored && state.then) return state.then(response);
    const detail = { ...response, status };
    const name = `todoke:${isStored ? "stored" : "refused"}`;
    const goesOn = form.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail }));
    if (isStored) {
      tickets = new WeakMap();
      state.key = null;
      return goesOn && finish(form, state, response);
    }
    const errors = (response?.errors ?? []).map(({ field, message }) => {
      for (const [name, file] of files) if (name === field) tickets.delete(file);
      return [[...form.elements].find(({ name, type }) => name === field && type !== "hidden"), message];
    });
    if (goesOn) refuse(form, state, response?.error ?? words.lost, errors);
  }

  function finish(form, state, { message, next, status_url: receipt, id, hints = [] }) {
    const { words } = state;
    if (next && (form.getAttribute("data-todoke-then") ?? (next !== receipt && "go")) === "go") return location.assign(next);
    const live = make("div", { role: "status" });
    const link = receipt ? make("a", { href: receipt }, words.receipt) : id;
    const box = make("div", { class: "todoke-stored", tabindex: -1, lang: words.lang }, make("p", {}, message), live, make("p", {}, link));
    live.before(...hints.map((hint) => make("p", {}, hint.message)));
    form.style.display = "none";
    form.after(box);
    state.marks.push(() => {
      box.remove();
      form.style.display = "";
    });
    box.focus();
    if (receipt) follow(box, live, words, receipt);
  }

  function follow(box, live, words, url) {
    let latest, correction;

    function show({ messages, attention }) {
      const mail = messages.find(({ role }) => role === "confirmation");
      const lines = mail ? [`${mail.mail}${mail.headline} (${mail.to})`, mail.text, mail.hint] : [attention?.text];
      const told = lines.filter(Boolean);
      if (live.textContent !== told.join("")) live.replaceChildren(...told.map((line) => make("p", {}, line)));
      live.className = mail?.tone ?? "";
      if (!mail?.can_correct) correction &&= correction.remove();
      else if (!correction) {
        const input = make("input", { type: "email", name: "address", autocomplete: "email", required: "" });
        const label = make("label", {}, words.address, " ", input);
        correction = make("form", { method: "post", action: `${url}/address` }, label, " ", make("button", {}, words.correct));
        box.append(correction);
        enhance(correction, (corrected) => {
          box.focus();
          show(corrected);
          ask();
        });
      }
    }

    // Ever more seldom, and not while nobody looks. A bounce may follow what is final.
    async function ask() {
      const mine = (latest = {});
      for (let n = 0, quiet = 0; n < 40 && quiet < 4; n++) {
        await pause(Math.min(30, (n * n) / 2));
        while (document.hidden) await pause(1);
        const { status, response } = await call({ words }, url);
        if (mine !== latest || !box.isConnected || status === 404) return;
        if (!response?.messages) continue;
        show(response);
        quiet = response.final ? quiet + 1 : 0;
      }
    }

    ask();
  }

  function enhance(form, then) {
    const stated = form.closest("[lang]")?.getAttribute("lang") || navigator.language;
    const lang = /^ja/i.test(stated) ? "ja" : "en";
    const words = { ...WORDS[lang], lang, wish: /^[a-z]*/i.exec(stated)[0] };
    const state = forms.get(form) ?? { words, marks: [], then };
    const root = form.getRootNode();
    forms.set(form, state);
    root.addEventListener("click", onClick, true);
    root.addEventListener("invalid", onInvalid, true);
    root.addEventListener("submit", onSubmit);
    return () => forms.delete(form) && clear(state);
  }

  function start() {
    const door = script && new URL(script.dataset.door ?? script.src, location).origin;
    for (const form of document.forms) {
      const { origin, pathname } = new URL(form.getAttribute("action") ?? "", document.baseURI);
      const isOurs = origin === door && /\/f\//.test(pathname);
      if ((form.getAttribute("data-todoke") ?? (isOurs || "off")) !== "off") enhance(form);
    }
  }

  globalThis.todoke = { enhance };
  if (document) document.readyState === "loading" ? addEventListener("DOMContentLoaded", start) : start();
})();
