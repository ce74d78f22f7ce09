// Runs in the page of a marimo session. It tells the server that somebody uses the page, and tells that somebody when
// the session is over: marimo itself can only say that its kernel is gone.
(() => {
  "use strict";
  const root = new URL("./", document.currentScript.src);
  const OVER = 4410;
  const REPORT_MS = 20000;
  const FIRST_PAUSE_MS = 1000;
  const LONGEST_PAUSE_MS = 30000;
  let socket = null;
  let reportedAt = -REPORT_MS;
  let pause = FIRST_PAUSE_MS;

  function connect() {
    const address = new URL("_watch", root);
    address.protocol = address.protocol.replace("http", "ws");
    socket = new WebSocket(address);
    socket.onopen = () => {
      pause = FIRST_PAUSE_MS;
    };
    socket.onclose = (event) => {
      socket = null;
      if (event.code === OVER) {
        look();
      } else {
        setTimeout(look, pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    };
  }

  async function look() {
    let told = null;
    try {
      told = await (await fetch(new URL("_status", root), { cache: "no-store" })).json();
    } catch {
      // The server is out of reach, or another one answers: the next look may tell more.
    }
    if (told !== null && told.over) {
      show(told);
    } else {
      connect();
    }
  }

  function show(told) {
    const host = document.createElement("div");
    host.id = "lakesail-session-over";
    const shadow = host.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent =
      "div{position:fixed;inset:0 0 auto 0;z-index:2147483647;padding:.75rem 1rem;background:#7a2e0e;color:#fff;" +
      "font:15px/1.4 system-ui,sans-serif;display:flex;gap:1rem;align-items:baseline;flex-wrap:wrap}" +
      "a{color:inherit;font-weight:600}";
    const bar = document.createElement("div");
    bar.setAttribute("role", "alert");
    const text = document.createElement("span");
    text.textContent = told.message + " " + told.kept;
    const link = document.createElement("a");
    link.href = new URL("_open", root).href;
    link.textContent = told.more;
    bar.append(text, link);
    shadow.append(style, bar);
    document.body.append(host);
  }

  function used(event) {
    const now = performance.now();
    if (event.isTrusted && now - reportedAt >= REPORT_MS && socket !== null && socket.readyState === WebSocket.OPEN) {
      reportedAt = now;
      socket.send("used");
    }
  }

  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    addEventListener(kind, used, { capture: true, passive: true });
  }
  connect();
})();
