// Where the conversation is scrolled to. Streamlit would keep its end in view, and so take an answer that is being made
// away from its reader. Here a question goes to the top of the window when it is asked and its answer grows below it;
// the end is followed from when its reader goes there until they go up again. style.css makes the conversation scroll
// instead of Streamlit.
(() => {
  const NEAR_PX = 8;
  const ROOM_PX = 48; // below the question's window, so that its reader is not at the end yet
  const MOST_OF_WINDOW = 0.6; // that a question takes: of a longer one the end is shown, so that its answer is seen
  const HOLD_MS = 2000; // in which a question stays at the top once it is answered, whatever comes or goes around it
  const UP_MS = 1000; // in which a hand moves what is read: a scroll at another time is our own, or the browser's

  let place, shown, last, landed;
  let follows = true;
  let upMs = -UP_MS;
  let begunMs = -HOLD_MS;
  let isTurned = false; // to another version of a message: however late it comes, its reader stays at it
  let isDue = false;

  const find = (name) => document.querySelector(`[class*="st-key-${name}-"]`);
  const nameOf = (conversation) => conversation.querySelector(".transcript")?.dataset.conversation ?? shown;
  const isFirstScreen = () => document.querySelector(".st-key-welcome"); // it is read from its top
  const isAtEnd = () => place.scrollHeight - place.clientHeight - place.scrollTop < NEAR_PX;
  const isUnanswered = (conversation) => {
    const messages = conversation.querySelectorAll("article.message");
    return messages[messages.length - 1]?.matches(".question") && !conversation.querySelector(".live .block");
  };
  const showEnd = () => place.scrollTo({ top: place.scrollHeight });

  const scrolled = () => {
    if (performance.now() - upMs < UP_MS) follows = false;
    look();
  };

  const look = () => {
    follows ||= isAtEnd() && !isTurned;
    const parts = [...(find("conversation")?.children ?? [])].map((part) => part.getBoundingClientRect().bottom);
    const isBelow = Math.max(...parts) - place.getBoundingClientRect().bottom > NEAR_PX;
    document.querySelector(".to-end")?.classList.toggle("wanted", isBelow && !isFirstScreen());
  };

  // The room below a question that lets it stand at the top of the window, however short its answer is.
  const showQuestion = (conversation, question) => {
    const margin = parseFloat(getComputedStyle(place).paddingTop);
    const { top, bottom } = question.getBoundingClientRect();
    const start = Math.max(top, bottom - place.clientHeight * MOST_OF_WINDOW);
    const height = start - conversation.getBoundingClientRect().top + place.clientHeight - margin + ROOM_PX;
    conversation.style.minHeight = `${height}px`;
    place.scrollTo({ top: place.scrollTop + start - margin });
    follows = false;
  };

  const begin = (conversation) => {
    const questions = conversation.querySelectorAll("article.question");
    if (questions.length) showQuestion(conversation, questions[questions.length - 1]);
  };

  // A search leads to a message: it is shown where its words are, and they are marked.
  const land = ({ message, words }) => {
    const target = document.querySelector(`.transcript [data-id="${CSS.escape(message)}"]`);
    if (!target) return false;
    const found = rangesOf(target, foldOf(words).text.split(/[\s"*]+/).filter(Boolean));
    CSS.highlights?.set("found", new Highlight(...found));
    const top = (found[0] ?? target).getBoundingClientRect().top;
    place.scrollTo({ top: place.scrollTop + top - place.getBoundingClientRect().top - place.clientHeight / 3 });
    follows = false;
    return true;
  };

  // Letters as a search takes them: neither case nor accents nor the marks of vowels count, nor how some are written.
  const OTHERWISE = { ß: "ss", ة: "ه", ى: "ي" };
  const MARKS = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed]/g;
  const plain = (letter) => {
    const bare = letter.normalize("NFKD").replace(MARKS, "").toLowerCase();
    return OTHERWISE[bare] ?? (bare.length > 1 ? letter.toLowerCase() : bare); // a syllable of Korean stays whole
  };

  // Returns `data` in plain letters, and at which place in it each of them stands.
  const foldOf = (data) => {
    let text = "";
    const places = [];
    for (let place = 0; place < data.length; place += 1) {
      const letters = data[place] < "\x80" ? data[place].toLowerCase() : plain(data[place]);
      text += letters;
      for (let more = letters.length; more; more -= 1) places.push(place);
    }
    return { text, places };
  };

  const rangesOf = (target, words) => {
    const ranges = [];
    const nodes = document.createTreeWalker(target, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
      if (nodes.currentNode.parentElement.closest(".under")) continue; // what is known of it was not searched
      const { text, places } = foldOf(nodes.currentNode.data);
      for (const word of words) {
        for (let start = text.indexOf(word); start >= 0; start = text.indexOf(word, start + word.length)) {
          const range = new Range();
          range.setStart(nodes.currentNode, places[start]);
          range.setEnd(nodes.currentNode, places[start + word.length - 1] + 1);
          ranges.push(range);
        }
      }
    }
    return ranges;
  };

  const keepUp = () => {
    const conversation = find("conversation");
    if (!conversation) return;
    if (nameOf(conversation) !== shown) {
      shown = nameOf(conversation);
      conversation.style.minHeight = "";
      follows = true;
    }
    const begun = document.querySelector(".begun")?.id ?? last;
    const landing = document.querySelector(".landing");
    if (landing && landing.id !== landed) landed = land(landing.dataset) ? landing.id : landed;
    else if (begun !== last || performance.now() - begunMs < HOLD_MS) {
      if (begun !== last || isUnanswered(conversation)) begunMs = performance.now(); // messages above may still go
      begin(conversation);
      conversation.querySelector('[data-testid="stAlert"]')?.scrollIntoView({ block: "nearest" }); // why it was refused
    }
    else if (follows && !isFirstScreen()) showEnd();
    last = begun;
    look();
  };

  const draw = () => {
    isDue = false;
    const found = document.querySelector('[data-testid="stMainBlockContainer"]');
    if (found !== place) {
      place = found;
      place?.addEventListener("scroll", scrolled, { passive: true });
    }
    if (place) keepUp();
  };

  // Once a frame: where things are is known only after the browser has laid the page out.
  new MutationObserver(() => {
    if (!isDue) requestAnimationFrame(draw);
    isDue = true;
  }).observe(document, { childList: true, subtree: true, characterData: true });

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest(".to-end")) {
      follows = true;
      begunMs = -HOLD_MS;
      showEnd();
    } else if (event.target.closest("[data-do='older'], [data-do='newer']")) {
      follows = false;
      isTurned = true;
    }
  });
  document.addEventListener("chatapp:open", () => {
    follows = true;
    isTurned = false;
    begunMs = -HOLD_MS;
  });
  const isScrollbar = (target, x) => target === place && x >= place.clientWidth;
  const isUp = (key, target) => ["PageUp", "Tab"].includes(key) || (["Home", "ArrowUp"].includes(key) && !target.matches("textarea, input"));
  const goesUp = ({ type, deltaY, key, target, offsetX }) =>
    deltaY < 0 || type === "touchmove" || isUp(key, target) || isScrollbar(target, offsetX);
  const moved = (event) => {
    begunMs = -HOLD_MS;
    isTurned = false;
    if (goesUp(event)) upMs = performance.now();
  };
  for (const moving of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    document.addEventListener(moving, moved, { passive: true });
  }
})();
