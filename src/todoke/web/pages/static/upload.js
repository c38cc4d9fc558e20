// Sends the large files of a form straight into a bucket, then the form itself: requests to a function have 6 MB at most.
// A page includes it with <script src="https://FORMS/upload.js" defer></script>. Forms that post to FORMS/f/NAME and whose
// files are large together are taken; all else goes as it would without it, and so does all where there is no bucket.
// The page is never changed but for a box that tells how far it is: what was typed or chosen stays, whatever happens.
"use strict";

(() => {
  const { src, dataset } = document.currentScript;
  const door = new URL(".", dataset.door ? `${dataset.door}/` : src).href; // data-door: for a copy on the site itself
  const LARGE_BYTES = 3_000_000; // below, files travel in the form
  const GOOD_MS = 20 * 3600 * 1000; // an uploaded file can be sent with the form for a day
  const TOLD_STEP = 10; // percent: a screen reader must not be told each
  const WORDS = {
    en: {
      progress: "Upload of the files",
      begin: "Uploading the files …",
      part: (percent) => `Uploading the files: ${percent} %`,
      sending: "The files are uploaded. Sending the form …",
      cancel: "Cancel the upload",
      cancelled: "The upload was cancelled. What you typed and chose is still here.",
      failed: "The files could not be uploaded. What you typed and chose is still here. Please try again.",
      wrong: "Please check the files.",
    },
    ja: {
      progress: "ファイルのアップロード",
      begin: "ファイルをアップロードしています…",
      part: (percent) => `ファイルをアップロードしています：${percent}%`,
      sending: "アップロードが完了しました。フォームを送信しています…",
      cancel: "アップロードをやめる",
      cancelled: "アップロードを中止しました。入力した内容と選んだファイルはそのまま残っています。",
      failed: "ファイルをアップロードできませんでした。入力した内容と選んだファイルはそのまま残っています。もう一度送信してください。",
      wrong: "ファイルをご確認ください。",
    },
  };
  let uploaded = new WeakMap(); // file -> its value, for which form, and until when it is good
  const busy = new WeakMap(); // form -> what ends its upload

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (busy.has(form)) return event.preventDefault();
    const name = formName(form, event.submitter);
    const chosen = chosenFiles(form);
    const bytes = chosen.reduce((sum, one) => sum + one.file.size, 0);
    if (event.defaultPrevented || !name || bytes < LARGE_BYTES) return;
    event.preventDefault();
    run(form, event.submitter, name, chosen);
  });

  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const box of document.querySelectorAll(".todoke-upload")) box.remove();
    uploaded = new WeakMap(); // what was sent with a form goes with no other answers
  });

  function formName(form, submitter) {
    const own = (element, attribute) => element?.getAttribute(attribute);
    const method = own(submitter, "formmethod") ?? own(form, "method") ?? "get";
    if (method.toLowerCase() !== "post") return "";
    const action = own(submitter, "formaction") ?? own(form, "action") ?? "";
    const url = new URL(action, document.baseURI).href;
    return url.startsWith(`${door}f/`) ? url.slice(door.length + 2).split(/[?#]/)[0] : "";
  }

  function chosenFiles(form) {
    const controls = [...form.elements].filter((e) => e.type === "file" && e.name && !e.matches(":disabled"));
    return controls.flatMap((control) => [...control.files].map((file) => ({ control, file })));
  }

  async function run(form, submitter, name, chosen) {
    const shown = show(form);
    const stop = new AbortController();
    busy.set(form, stop);
    const stay = (event) => event.preventDefault();
    window.addEventListener("beforeunload", stay);
    shown.cancel.onclick = () => stop.abort();
    try {
      const goes = await upload(name, chosen, shown, stop.signal);
      if (goes) shown.say(shown.words.sending);
      else shown.box.remove(); // there is no bucket here
      window.removeEventListener("beforeunload", stay);
      send(form, submitter, goes ? chosen : []);
    } catch (fault) {
      const isLost = shown.box.contains(document.activeElement);
      tell(shown, fault, chosen, stop.signal.aborted);
      if (isLost && document.activeElement === document.body) submitter?.focus(); // the button to cancel is gone
    } finally {
      window.removeEventListener("beforeunload", stay);
      busy.delete(form);
    }
  }

  // Whether the files are in the bucket; false where there is none. Files that are there already are not sent again.
  async function upload(name, chosen, shown, signal) {
    const filled = chosen.filter(({ file }) => file.size); // an empty one travels in the form
    const isThere = (known) => known?.name === name && known.until > Date.now();
    const missing = filled.filter(({ file }) => !isThere(uploaded.get(file)));
    if (!missing.length) return true;
    const offers = filled.map(({ control, file }) => ({ field: control.name, name: file.name, type: file.type, size: file.size }));
    const answer = await fetch(`${door}u/${name}`, {
      method: "POST",
      headers: { "Content-Type": "text/plain", "Accept-Language": shown.language }, // none that asks for leave before
      body: JSON.stringify(offers),
      signal,
    });
    if (answer.status === 404) return false;
    if (answer.status === 422) throw Object.assign(new Error("refused"), { refusal: await answer.json() });
    if (!answer.ok) throw new Error(`links: ${answer.status}`);
    const { uploads } = await answer.json();
    const total = missing.reduce((sum, one) => sum + one.file.size, 0);
    let before = 0;
    for (const [index, { file }] of filled.entries()) {
      if (!missing.some((one) => one.file === file)) continue;
      await post(uploads[index], file, signal, (sent) => shown.reach((before + Math.min(sent, file.size)) / total));
      uploaded.set(file, { value: uploads[index].value, name, until: Date.now() + GOOD_MS });
      before += file.size;
    }
    return true;
  }

  function post({ url, fields }, file, signal, reach) {
    return new Promise((resolve, reject) => {
      const body = new FormData();
      for (const [name, value] of Object.entries(fields)) body.append(name, value);
      body.append("file", file);
      const request = new XMLHttpRequest(); // fetch does not tell how much of a body has left
      request.upload.onprogress = (event) => reach(event.loaded);
      request.onload = () => (request.status < 300 ? resolve() : reject(new Error(`bucket: ${request.status}`)));
      request.onerror = request.onabort = () => reject(new Error("bucket"));
      signal.addEventListener("abort", () => request.abort(), { once: true });
      if (signal.aborted) return reject(new Error("aborted"));
      request.open("POST", url);
      request.send(body);
    });
  }

  // Submits as the browser would have, but that each uploaded file is its value. No "submit" event: it was fired already.
  function send(form, submitter, chosen) {
    const fill = ({ formData }) => {
      for (const name of new Set(chosen.map(({ control }) => control.name))) formData.delete(name);
      for (const { control, file } of chosen) formData.append(control.name, file.size ? uploaded.get(file).value : file);
      for (const control of form.elements) if (isTextBeside(control, chosen)) formData.append(control.name, control.value);
      if (submitter?.name) formData.append(submitter.name, submitter.value);
    };
    const kept = new Map();
    for (const attribute of ["action", "enctype", "target"]) {
      const wanted = submitter?.getAttribute(`form${attribute}`);
      if (wanted == null) continue;
      kept.set(attribute, form.getAttribute(attribute));
      form.setAttribute(attribute, wanted);
    }
    form.addEventListener("formdata", fill, { once: true });
    HTMLFormElement.prototype.submit.call(form);
    form.removeEventListener("formdata", fill);
    for (const [attribute, value] of kept) {
      if (value === null) form.removeAttribute(attribute);
      else form.setAttribute(attribute, value);
    }
  }

  // A hidden control that shares its name with a file control went with the deleted files.
  function isTextBeside(control, chosen) {
    return control.type === "hidden" && !control.matches(":disabled") && chosen.some((one) => one.control.name === control.name);
  }

  function show(form) {
    form.querySelector(".todoke-upload")?.remove();
    const stated = form.closest("[lang]")?.lang || "en";
    const language = stated.toLowerCase().startsWith("ja") ? "ja" : "en";
    const words = WORDS[language];
    const box = Object.assign(document.createElement("div"), { className: "todoke-upload", lang: language });
    const status = document.createElement("p");
    status.setAttribute("role", "status");
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    bar.setAttribute("aria-label", words.progress);
    const cancel = Object.assign(document.createElement("button"), { type: "button", textContent: words.cancel });
    box.append(status, bar, cancel);
    form.append(box);
    let told = 0;
    const say = (text) => (status.textContent = text);
    const reach = (share) => {
      bar.value = share;
      const percent = Math.floor((share * 100) / TOLD_STEP) * TOLD_STEP;
      if (percent > told) say(words.part((told = percent)));
    };
    setTimeout(() => status.textContent || say(words.begin)); // a live region speaks of what changes in it
    return { box, bar, cancel, words, language, say, reach };
  }

  function tell(shown, fault, chosen, isCancelled) {
    const errors = fault.refusal?.errors ?? [];
    const alert = document.createElement("p");
    alert.setAttribute("role", "alert");
    shown.box.replaceChildren(alert);
    const told = isCancelled ? shown.words.cancelled : shown.words.failed;
    const text = errors.length ? errors.map((one) => one.message).join(" ") : fault.refusal?.error ?? told;
    setTimeout(() => (alert.textContent = text));
    const wrong = chosen.find(({ control }) => control.name === errors[0]?.field)?.control;
    wrong?.focus();
  }
})();
