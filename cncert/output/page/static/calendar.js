// The calendar of completeness: a line a year, a cell a week, in the place of its number.
"use strict";

{
  const { h, t, model } = Report;
  const SIGNS = { stored: "", known: "?", blocked: "B", gone: "×", unavailable: "u", rejected: "R", "never named": "·" };
  const LONGEST_YEAR = 53;
  let cells = new Map();
  let current = null;

  const render = () => {
    const place = document.getElementById("completeness-body");
    if (!model.weeks.length) {
      place.replaceChildren(h("p", { class: "empty" }, t("empty_issues")));
      return;
    }
    cells = new Map();
    const years = new Map();
    for (const week of model.weeks) {
      const year = week.id.slice(0, 4);
      if (!years.has(year)) years.set(year, []);
      years.get(year).push(week);
    }
    const rows = [...years].reverse().map(([year, weeks]) => row(year, weeks));
    place.replaceChildren(legend(), h("div", { class: "scroller calendar-scroller" },
      h("table", { class: "calendar", role: "grid", "aria-label": t("calendar_label"), on: { keydown: key } }, head(), h("tbody", {}, rows))));
    focusable(cells.get(current) || cells.get(model.weeks.at(-1).id));
  };

  const head = () => {
    const numbers = Array.from({ length: LONGEST_YEAR }, (_, place) => place + 1);
    return h("thead", {}, h("tr", {},
      h("th", { scope: "col" }, h("span", { class: "unseen" }, t("year"))),
      numbers.map((number) => h("th", { scope: "col", class: number === 1 || number % 5 === 0 ? "shown" : null }, number)),
      h("th", { scope: "col", class: "share" }, t("stored_share"))));
  };

  const row = (year, weeks) => {
    const byNumber = new Map(weeks.map((week) => [Number(week.id.slice(5)), week]));
    const stored = weeks.filter((week) => week.state === "stored").length;
    const line = Array.from({ length: LONGEST_YEAR }, (_, place) => {
      const week = byNumber.get(place + 1);
      return week ? cell(week) : h("td");
    });
    return h("tr", {}, h("th", { scope: "row" }, year), line,
      h("td", { class: "share" }, h("b", {}, Report.percent((stored / weeks.length) * 100, 0)), ` ${stored}/${weeks.length}`));
  };

  const cell = (week) => {
    const words = [Report.weekName(week.id), Report.period(week), ...Report.weekWords(week)];
    const element = h("td", {
      role: "gridcell", tabindex: -1, class: "state", data: { ...Report.weekData(week), week: week.id }, "aria-label": words.join(", "),
      on: {
        pointerenter: () => !Report.card.pinned && showCard(week, element),
        pointerleave: () => !Report.card.pinned && Report.card.hide(),
        focus: () => element.matches(":focus-visible") && showCard(week, element),
        blur: () => !Report.card.pinned && Report.card.hide(),
        click: () => choose(week, element),
      },
    }, SIGNS[week.state] ?? "");
    cells.set(week.id, element);
    return element;
  };

  const showCard = (week, element, pinned = null) => {
    const { right, top } = element.getBoundingClientRect();
    Report.card.show(Report.card.ofWeek(week), right - 10, top, pinned);
  };

  /** A stored week leads to its issue, any other keeps its reason in sight. */
  const choose = (week, element) => {
    focusable(element);
    Report.card.hide();
    if (model.issues.has(week.id)) location.hash = `issue-${week.id}`;
    else showCard(week, element, element);
  };

  /** One cell of the grid takes part in the order of Tab. */
  const focusable = (element) => {
    if (!element) return;
    cells.get(current)?.setAttribute("tabindex", "-1");
    current = element.dataset.week;
    element.setAttribute("tabindex", "0");
  };

  const key = (event) => {
    const element = event.target.closest("[data-week]");
    if (!element) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      element.click();
      return;
    }
    const goal = neighbour(element, event.key);
    if (goal === undefined) return;
    event.preventDefault();
    if (!goal) return;
    focusable(goal);
    goal.focus();
  };

  /** Where an arrow leads: undefined if *pressed* is no such key, null beyond the edge. */
  const neighbour = (element, pressed) => {
    const index = model.weekIndex.get(element.dataset.week);
    const [year, number] = element.dataset.week.split("-");
    const vertical = (years) => cells.get(`${Number(year) + years}-${number}`) || null;
    const inYear = [...cells.keys()].filter((id) => id.startsWith(year));
    const at = (place) => cells.get(model.weeks[place]?.id) || null;
    const goals = {
      ArrowRight: () => at(index + 1), ArrowLeft: () => at(index - 1), ArrowUp: () => vertical(1), ArrowDown: () => vertical(-1),
      Home: () => cells.get(inYear[0]), End: () => cells.get(inYear.at(-1)),
    };
    return goals[pressed]?.();
  };

  /** How many weeks are in each state, the stored ones by what they were read from. */
  const legend = () => {
    const kinds = new Map();
    for (const week of model.weeks) {
      const name = `${week.state} ${week.source}`;
      if (!kinds.has(name)) kinds.set(name, []);
      kinds.get(name).push(week);
    }
    const order = Object.keys(SIGNS);
    const listed = [...kinds.values()].sort((one, other) =>
      order.indexOf(one[0].state) - order.indexOf(other[0].state) || other.length - one.length);
    return h("ul", { class: "legend calendar-legend" }, listed.map((weeks) =>
      h("li", {},
        h("span", { class: "state", data: Report.weekData(weeks[0]), "aria-hidden": "true" }, SIGNS[weeks[0].state] ?? ""),
        h("b", {}, Report.number(weeks.length)), ` ${Report.stateWords(weeks[0])}`)));
  };

  Report.calendar = { render };
}
