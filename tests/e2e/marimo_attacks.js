// A hostile notebook's widget. Each attack says "kept out", or what it reached.
const KEPT = "kept out";
const WAIT_MS = 3000;

const soon = (ms) => new Promise((done) => setTimeout(done, ms));
const within = (promise) => Promise.race([promise, soon(WAIT_MS).then(() => KEPT)]);

function heard(source, kind) {
  return new Promise((done) => source.addEventListener(kind, () => done(kind === "error" ? KEPT : "reached: " + kind)));
}

/** A script that asks Jupyter for its files, and tells what came of it by calling ``tell``. */
function probe(root, tell) {
  const address = JSON.stringify(location.origin + root + "api/contents");
  return `fetch(${address}).then((a) => "reached: " + a.status, () => "kept out").then((text) => ${tell});`;
}

function attacks(root) {
  const blob = (text, type) => URL.createObjectURL(new Blob([text], { type }));
  const framed = (set) =>
    new Promise((done) => {
      addEventListener("message", (event) => typeof event.data === "string" && done(event.data), { once: true });
      const frame = document.createElement("iframe");
      set(frame, "<script>" + probe(root, 'parent.postMessage(text, "*")') + "</script>");
      document.body.append(frame);
    });
  const opened = async (address) => {
    const opened = open(address);
    await soon(1500);
    return opened === null || opened.closed ? KEPT : "reached: " + opened.document.body.innerText.slice(0, 40);
  };
  return {
    "its files": () => fetch(root + "api/contents").then((answer) => "reached: " + answer.status),
    "our API": () => fetch(root + "lakesail/api/v1/me").then((answer) => "reached: " + answer.status),
    "without CORS": () => fetch(root + "api/contents", { mode: "no-cors" }).then(() => "reached"),
    "a kernel, with the XSRF cookie": () =>
      fetch(root + "api/kernels", {
        method: "POST",
        headers: { "X-XSRFToken": (/_xsrf=([^;]*)/.exec(document.cookie) ?? [])[1] ?? "" },
      }).then((answer) => "reached: " + answer.status),
    "an old request": () => {
      const request = new XMLHttpRequest();
      request.open("GET", root + "api/contents");
      request.send();
      return Promise.race([heard(request, "load"), heard(request, "error")]);
    },
    "a socket": () => {
      const socket = new WebSocket("ws://" + location.host + root + "api/events/subscribe");
      return Promise.race([heard(socket, "open"), heard(socket, "error")]);
    },
    "a stream": () => {
      const stream = new EventSource(root + "api/status");
      return Promise.race([heard(stream, "open"), heard(stream, "error")]);
    },
    "a module of JSON": () => import(root + "api/status", { with: { type: "json" } }).then(() => "reached"),
    "dots in the path": () => fetch("../../../api/contents").then((answer) => "reached: " + answer.status),
    "dots in disguise": () => fetch("..%2f..%2f..%2fapi/contents").then((answer) => (answer.ok ? "reached" : KEPT)),
    "a frame": () =>
      new Promise((done) => {
        const frame = document.createElement("iframe");
        frame.src = root + "lab";
        frame.onload = () => {
          try {
            done("reached: " + frame.contentWindow.location.href);
          } catch {
            done(KEPT);
          }
        };
        document.body.append(frame);
      }),
    "an object": () => {
      const object = document.createElement("object");
      object.data = root + "api/status";
      const done = Promise.race([heard(object, "load"), heard(object, "error")]);
      document.body.append(object);
      return done;
    },
    "a frame of its own text": () => framed((frame, html) => (frame.srcdoc = html)),
    "a frame of a blob": () => framed((frame, html) => (frame.src = blob(html, "text/html"))),
    "a worker": () =>
      new Promise((done) => {
        new Worker(blob(probe(root, "postMessage(text)"), "text/javascript")).onmessage = (event) => done(event.data);
      }),
    "a service worker": () =>
      navigator.serviceWorker.register("./assets/any.js").then((worker) => "reached: " + worker.scope),
    "a form": () =>
      new Promise((done) => {
        addEventListener("securitypolicyviolation", (event) => {
          if (event.effectiveDirective === "form-action") {
            done(KEPT);
          }
        });
        const form = document.createElement("form");
        form.method = "POST";
        form.action = root + "api/kernels";
        form.target = "_blank";
        document.body.append(form);
        form.submit();
        soon(1500).then(() => done("reached"));
      }),
    "another base": () => {
      const base = document.createElement("base");
      base.href = root;
      document.head.append(base);
      return document.baseURI.endsWith(root) ? "reached: " + document.baseURI : KEPT;
    },
    "a window": () => opened(root + "api/status"),
    "a window of a blob": async () => {
      const channel = new BroadcastChannel("attack");
      const said = new Promise((done) => (channel.onmessage = (event) => done(event.data)));
      const opens =
        `const channel = new BroadcastChannel("attack");` +
        `const opened = open(${JSON.stringify(location.origin + root)} + "api/status");` +
        `setTimeout(() => { let told = "kept out"; try { if (!opened.closed) told = "reached: " + opened.document.title; }` +
        ` catch {} channel.postMessage(told); }, 1500);`;
      open(blob("<script>" + opens + "</script>", "text/html"));
      return said;
    },
  };
}

async function run(root) {
  const reached = {};
  for (const [name, attack] of Object.entries(attacks(root))) {
    try {
      reached[name] = await within(attack());
    } catch {
      reached[name] = KEPT;
    }
  }
  return reached;
}

function render({ el }) {
  const button = document.createElement("button");
  button.textContent = "Attack";
  button.onclick = async () => {
    const told = document.createElement("pre");
    told.className = "attacks-are-over";
    told.textContent = JSON.stringify(await run(location.pathname.split("lakesail/marimo/")[0]));
    el.append(told);
  };
  el.append(button);
}

export default { render };
