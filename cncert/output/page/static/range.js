// The weeks that all plots show, and the control that chooses them.
"use strict";

{
  const { h, t, svg, model } = Report;
  const YEAR = 52;
  const PRESETS = [["range_1", YEAR], ["range_3", 3 * YEAR], ["range_5", 5 * YEAR], ["range_all", null]];
  const last = Math.max(0, model.weeks.length - 1);
  const span = Math.max(1, last);
  const newest = model.newest ? model.weekIndex.get(model.newest.id) : last;
  const oldest = model.weekIndex.get(Report.data.issues[0]?.id) ?? 0;

  /** At first three years up to the newest issue, or from the first issue where there are fewer. */
  const range = { from: Math.max(0, oldest, newest - 3 * YEAR + 1), to: newest };
  const listeners = new Set();
  let control = null;

  const set = (from, to) => {
    range.from = Report.clamp(Math.min(from, to), 0, last);
    range.to = Report.clamp(Math.max(from, to), 0, last);
    if (range.to === range.from) range.from = Math.max(0, range.to - 1);
    refresh();
    for (const listener of listeners) listener();
  };

  const preset = (weeks) => (weeks === null ? set(0, last) : set(newest - weeks + 1, newest));

  /** The buttons, and two handles over a strip of the weeks that have an issue. */
  const render = () => {
    const buttons = PRESETS.filter(([, weeks]) => weeks === null || weeks < last).map(([word, weeks]) =>
      h("button", { type: "button", data: { weeks: weeks ?? "all" }, on: { click: () => preset(weeks) } }, t(word)));
    const from = handle("range_from", () => set(Math.min(Number(from.value), range.to - 1), range.to));
    const to = handle("range_to", () => set(range.from, Math.max(Number(to.value), range.from + 1)));
    const chosen = h("output", { class: "range-text" });
    const lit = h("div", { class: "range-lit" });
    control = { buttons, from, to, chosen, lit };
    refresh();
    return h("div", { class: "range" },
      h("div", { class: "buttons", role: "group", "aria-label": t("range") }, buttons),
      h("div", { class: "range-strip" }, h("div", { class: "range-weeks" }, strip(), lit), from, to),
      chosen);
  };

  const handle = (word, change) =>
    h("input", { type: "range", min: 0, max: last, step: 1, "aria-label": t(word), on: { input: change } });

  /** Each week reaches half a week to both sides of where a handle stands for it. */
  const strip = () => {
    const path = model.gaps.map(([first, end]) => `M${first - 0.5} 0H${end + 0.5}V1H${first - 0.5}Z`).join("");
    return svg("svg", { viewBox: `0 0 ${span} 1`, preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "has", width: span, height: 1 }), svg("path", { class: "gap", d: path }));
  };

  const refresh = () => {
    if (!control || !model.weeks.length) return;
    const { buttons, from, to, chosen, lit } = control;
    [from.value, to.value] = [range.from, range.to];
    const ends = [range.from, range.to].map((index) => Report.weekName(model.weeks[index].id));
    from.setAttribute("aria-valuetext", ends[0]);
    to.setAttribute("aria-valuetext", ends[1]);
    chosen.textContent = ends.join(" – ");
    lit.style.left = `${(range.from / span) * 100}%`;
    lit.style.right = `${((last - range.to) / span) * 100}%`;
    for (const button of buttons) {
      const weeks = button.dataset.weeks === "all" ? null : Number(button.dataset.weeks);
      const is = weeks === null ? range.from === 0 && range.to === last : range.to === newest && range.from === Math.max(0, newest - weeks + 1);
      button.setAttribute("aria-pressed", String(is));
    }
  };

  Report.range = { now: range, set, preset, render, all: () => preset(null), onChange: (listener) => listeners.add(listener) };
}
