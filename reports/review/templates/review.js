"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const of = (id) => document.getElementById(id);
  const form = of("form"), note = of("note"), rater = of("rater");
  const needed = [...form.querySelectorAll("fieldset[data-name]")].map((set) => set.dataset.name);
  const grades = needed.filter((name) => name.startsWith("grade"));
  const texts = [...document.querySelectorAll(".text")].map((shown) => shown.id);
  const kind = data.format.split(" ")[1];
  const key = data.format + " " + data.sample;
  const MOST_UNDONE = 200;
  let keeps = true;
  let state = { rater: "", at: 0, marks: {}, undo: [] };

  const restore = () => {
    try {
      state = { ...state, ...JSON.parse(localStorage.getItem(key) || "{}") };
    } catch {
      keeps = false;
    }
  };
  const keep = () => {
    try {
      localStorage.setItem(key, JSON.stringify(state));
      keeps = true;
    } catch {
      keeps = false;
    }
  };
  const say = (words, isWarning = false) => {
    of("said").textContent = words;
    of("said").classList.toggle("warning", isWarning);
  };

  const item = () => data.items[state.at];
  const markOf = (each) => state.marks[each.item] || {};
  const isDone = (each) => needed.every((name) => markOf(each)[name]);
  const done = () => data.items.filter(isDone).length;
  const isAny = (mark) => Object.values(mark).some((value) => value && value.length);

  const show = () => {
    const now = item(), mark = markOf(now);
    of("place").textContent = `Example ${state.at + 1} of ${data.items.length}${isDone(now) ? ", marked" : ""}`;
    for (const name of texts) {
      of(name).textContent = now[name] || "(none)";
      of(name).classList.toggle("none", !now[name]);
    }
    if (of("image")) {
      const image = now.image ? [Object.assign(new Image(), { src: now.image, alt: "What the task is about" })] : [];
      of("image").replaceChildren(...image);
    }
    for (const field of form.querySelectorAll("input")) {
      const given = mark[field.name];
      field.checked = field.type === "checkbox" ? (given || []).includes(field.value) : given === field.value;
    }
    if (note.value !== (mark.note || "")) note.value = mark.note || "";
    const open = needed.find((name) => !mark[name]);
    for (const set of form.querySelectorAll("fieldset")) set.classList.toggle("current", set.dataset.name === open);
    of("progress").value = done();
    of("back").disabled = state.at === 0;
    of("next").disabled = state.at === data.items.length - 1;
    of("undo").disabled = !state.undo.length;
    of("open").disabled = done() === data.items.length;
    if (!keeps) say("This browser keeps nothing: save the file before you close the page.", true);
    else say(done() === data.items.length ? "All are marked: save the file and send it back." : `${done()} of ${data.items.length} marked`);
  };

  const change = (mark) => {
    state.undo.push({ at: state.at, mark: markOf(item()) });
    state.undo.splice(0, state.undo.length - MOST_UNDONE);
    state.marks = { ...state.marks, [item().item]: mark };
    keep();
    show();
  };
  const set = (name, value) => change({ ...markOf(item()), [name]: value });
  const toggle = (reason) => {
    const had = markOf(item()).reasons || [];
    set("reasons", had.includes(reason) ? had.filter((one) => one !== reason) : [...had, reason]);
  };
  const undo = () => {
    const last = state.undo.pop();
    if (!last) return;
    state.at = last.at;
    state.marks = { ...state.marks, [item().item]: last.mark };
    keep();
    show();
  };
  const go = (to) => {
    if (to < 0 || to >= data.items.length) return;
    state.at = to;
    keep();
    show();
    of("place").focus();
    scrollTo(0, 0);
  };
  const goToOpen = () => {
    const order = data.items.map((_, at) => (state.at + 1 + at) % data.items.length);
    const open = order.find((at) => !isDone(data.items[at]));
    if (open !== undefined) go(open);
  };

  const save = () => {
    const name = rater.value.trim();
    if (!name) {
      say("Write your name first: your marks are kept under it.", true);
      rater.focus();
      return;
    }
    const started = data.items.filter((each) => !isDone(each) && isAny(markOf(each))).length;
    const marks = data.items.filter(isDone).map((each) => ({
      item: each.item, digest: each.digest, reasons: [], note: "", ...markOf(each),
    }));
    const text = JSON.stringify({ format: data.format, sample: data.sample, rater: name, marks }, null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = `${kind}-${data.sample}-${name.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    const left = started ? `; ${started} more are begun and not in it` : "";
    say(`Saved ${marks.length} of ${data.items.length} marks as ${link.download}${left}.`);
  };

  const byKey = {
    ArrowRight: () => go(state.at + 1), Enter: () => go(state.at + 1), ArrowLeft: () => go(state.at - 1),
    z: undo, o: goToOpen, s: save, t: () => note.focus(),
  };
  const answers = { y: "yes", n: "no", u: "unsure" };
  const answer = (value) => {
    const open = needed.find((name) => !grades.includes(name) && !markOf(item())[name]);
    if (open) set(open, value);
  };
  const grade = (value) => set(grades.find((name) => !markOf(item())[name]) || grades[grades.length - 1], value);
  const reasons = [...form.querySelectorAll("input[type=checkbox]")].map((box) => box.value);

  document.addEventListener("keydown", (event) => {
    const typing = event.target === note || event.target === rater;
    if (typing && event.key === "Escape") event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const onControl = event.target.closest("button, summary, input");
    if (onControl && ["Enter", "ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (byKey[pressed]) byKey[pressed]();
    else if (answers[pressed]) answer(answers[pressed]);
    else if ("abcd".includes(pressed)) grade(pressed.toUpperCase());
    else if (reasons[Number(pressed) - 1]) toggle(reasons[Number(pressed) - 1]);
    else return;
    event.preventDefault();
  });
  form.addEventListener("change", (event) => {
    const field = event.target;
    if (field.type === "checkbox") toggle(field.value);
    else if (field.type === "radio") set(field.name, field.value);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  note.addEventListener("change", () => set("note", note.value));
  rater.addEventListener("input", () => {
    state.rater = rater.value;
    keep();
  });
  for (const [id, act] of Object.entries({ next: byKey.ArrowRight, back: byKey.ArrowLeft, undo, open: goToOpen, save })) {
    of(id).addEventListener("click", act);
  }

  restore();
  state.at = Math.min(state.at, data.items.length - 1);
  rater.value = state.rater;
  show();
})();
