// A click brings some 30 messages within a few milliseconds, and React would draw all of the page for nearly each of
// them: they are passed on to Streamlit together, at the end of a run or after a while. A page that is not shown draws
// nothing, and its timers are late: there each is passed on at once.
{
  const MOST_MS = 16; // as long as a picture stands on most screens
  const IS_FINISHED = 0x30; // `script_finished` of Streamlit's ForwardMsg.proto, with which a message ends that says so
  const MOST_STATUS = 0x0f;

  // Streamlit tells a page that holds it of each run. Without one it hears that itself, and compares origins each time.
  addEventListener("message", (event) => {
    if (event.source === window && window.parent === window && event.data?.stCommVersion) event.stopImmediatePropagation();
  });

  const isLast = (data) => {
    if (!(data instanceof ArrayBuffer) || data.byteLength < 2) return false;
    const [field, status] = new Uint8Array(data, data.byteLength - 2);
    return field === IS_FINISHED && status <= MOST_STATUS;
  };

  globalThis.WebSocket = class extends WebSocket {
    constructor(...told) {
      super(...told);
      const passedOn = new WeakSet();
      let held = [];
      let due;
      const release = () => {
        clearTimeout(due);
        due = undefined;
        const events = held.map((data) => new MessageEvent("message", { data }));
        held = [];
        for (const event of events) {
          passedOn.add(event);
          this.dispatchEvent(event);
        }
      };
      this.addEventListener("message", (event) => {
        if (passedOn.has(event)) return;
        event.stopImmediatePropagation();
        held.push(event.data);
        if (isLast(event.data) || document.hidden) release();
        else due ??= setTimeout(release, MOST_MS);
      });
      document.addEventListener("visibilitychange", release);
      this.addEventListener("close", () => {
        release();
        document.removeEventListener("visibilitychange", release);
      });
    }
  };
}
