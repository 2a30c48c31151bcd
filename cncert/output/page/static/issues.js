// The table of issues: searched, sorted, a page at a time, each row with all that is known of its issue.
"use strict";

{
  const { h, t, model } = Report;
  const PAGE = 25;
  const RATINGS = [...model.LEVELS].reverse();
  const state = { query: "", sort: "week", down: true, page: 0, metric: null, doubtful: false, open: new Set() };
  const metricsShown = model.series.filter((series) => series.points.length);
  let parts = null;

  state.metric = metricsShown[0]?.metric.name ?? null;

  /** The figure of the chosen metric in each issue. */
  const chosen = () => {
    const series = metricsShown.find((one) => one.metric.name === state.metric);
    return new Map(series?.points.map((point) => [point.issue, point]) ?? []);
  };
  let figures = chosen();

  /** By which value each column sorts; null sorts last whichever way. */
  const keys = {
    week: (issue) => issue.id,
    rating: (issue) => (RATINGS.includes(issue.rating) ? RATINGS.indexOf(issue.rating) : null),
    figure: (issue) => figures.get(issue)?.value ?? null,
    figures: (issue) => issue.figures.length,
    pictures: (issue) => issue.pictures.length,
    warnings: (issue) => issue.doubts.length,
    published: (issue) => (issue.published ? Date.parse(issue.published) : null),
    read_from: (issue) => issue.source,
  };
  const NUMBERS = new Set(["figure", "figures", "pictures", "warnings"]);

  /** 278000 as 278,000: what the page shows is found too. Intl would take a second for them all. */
  const grouped = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

  const fold = (text) => text.normalize("NFKC").toLowerCase();

  /** What the search looks through, made when it is first asked for. */
  const haystack = (issue) =>
    (issue.haystack ??= fold([
      issue.id, issue.title, issue.rating, issue.reprinted_by, ...issue.evidences, ...Object.values(issue.words),
      ...issue.figures.flatMap((figure) => [String(figure.v), grouped(figure.v), data(figure.m)]),
      ...issue.figures.flatMap((figure) => figure.parts.map(([name]) => name)),
      ...issue.rankings.flatMap((ranking) => [data(ranking.m), ...ranking.lines.map(([name]) => name)]),
      ...issue.warnings.flat(),
    ].filter(Boolean).join("\n")));

  const data = (place) => {
    const { name, zh, en } = Report.data.metrics[place];
    const words = Report.data.words[`metric.${name}`];
    return [name, zh, en, words?.en, words?.zh].filter(Boolean).join(" ");
  };

  const found = () => {
    const terms = fold(state.query).split(/\s+/).filter(Boolean);
    const hits = Report.data.issues.filter(
      (issue) => (!state.doubtful || issue.doubts.length) && terms.every((term) => haystack(issue).includes(term)),
    );
    return hits.sort(order(keys[state.sort], state.down ? -1 : 1));
  };

  const order = (key, direction) => (one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === null || b === null) return (a === null) - (b === null) || (one.id < other.id ? 1 : -1);
    if (a !== b) return a < b ? -direction : direction;
    return one.id < other.id ? 1 : -1;
  };

  const render = () => {
    const place = document.getElementById("issues-body");
    if (!Report.data.issues.length) {
      place.replaceChildren(h("p", { class: "empty" }, t("empty_issues")));
      return;
    }
    const body = h("tbody");
    const count = h("p", { class: "count", role: "status" });
    const pager = h("nav", { class: "pager", "aria-label": t("pages") });
    parts = { body, count, pager, heads: {} };
    place.replaceChildren(controls(), count,
      h("div", { class: "table-frame" }, h("table", { class: "issues" }, h("caption", { class: "unseen" }, t("issues")), head(), body)), pager);
    show();
  };

  const controls = () => {
    const search = h("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", placeholder: t("search_hint"),
      on: { input: () => change({ query: search.value }) } });
    search.value = state.query;
    const metric = h("select", { id: "figure-column", on: { change: () => chooseMetric(metric.value) } },
      metricsShown.map(({ metric: one }) => h("option", { value: one.name, selected: one.name === state.metric }, Report.metricName(one))));
    const doubtful = h("input", { type: "checkbox", id: "doubtful", on: { change: () => change({ doubtful: doubtful.checked }) } });
    doubtful.checked = state.doubtful;
    return h("div", { class: "controls", role: "search" },
      h("p", { class: "grow" }, h("label", { for: "search" }, t("search")), search),
      metricsShown.length ? h("p", {}, h("label", { for: "figure-column" }, t("figure_column")), metric) : null,
      h("p", { class: "check" }, doubtful, h("label", { for: "doubtful" }, t("only_doubtful"))));
  };

  const chooseMetric = (name) => {
    state.metric = name;
    figures = chosen();
    parts.heads.figure.querySelector("button").firstChild.data = columnName("figure");
    show();
  };

  const columnName = (name) => {
    const series = name === "figure" && metricsShown.find((one) => one.metric.name === state.metric);
    return series ? Report.metricName(series.metric) : t(name);
  };

  const head = () => {
    const cells = Object.keys(keys).filter((name) => name !== "figure" || state.metric).map((name) => {
      const button = h("button", { type: "button", on: { click: () => sortBy(name) } }, columnName(name), h("span", { class: "arrow", "aria-hidden": "true" }));
      return (parts.heads[name] = h("th", { scope: "col", class: `col-${name}${NUMBERS.has(name) ? " number" : ""}` }, button));
    });
    return h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "col-thumb" }, h("span", { class: "unseen" }, t("picture"))), cells));
  };

  /** A second press turns the order round; what is great or new comes first at the first press. */
  const sortBy = (name) => change({ sort: name, down: state.sort === name ? !state.down : name !== "rating" && name !== "read_from" });

  const change = (facts) => {
    Object.assign(state, facts, { page: 0 });
    show();
  };

  const show = () => {
    const hits = found();
    const pages = Math.max(1, Math.ceil(hits.length / PAGE));
    state.page = Report.clamp(state.page, 0, pages - 1);
    const rows = hits.slice(state.page * PAGE, (state.page + 1) * PAGE);
    parts.body.replaceChildren(...rows.flatMap(rowsOf));
    parts.count.textContent = hits.length ? t("found", { n: hits.length }) : t("found_none");
    for (const [name, element] of Object.entries(parts.heads)) {
      const sorted = state.sort === name;
      if (sorted) element.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else element.removeAttribute("aria-sort");
      element.querySelector(".arrow").textContent = sorted ? (state.down ? "▼" : "▲") : "";
    }
    parts.pager.replaceChildren(...(pages > 1 ? pagerButtons(pages) : []));
  };

  const pagerButtons = (pages) => {
    const go = (word, page) =>
      h("button", { type: "button", disabled: page < 0 || page >= pages, on: { click: () => turn(page) } }, t(word));
    return [go("page_before", state.page - 1), h("span", {}, t("page_of", { page: state.page + 1, pages })), go("page_after", state.page + 1)];
  };

  const turn = (page) => {
    const forward = page > state.page;
    state.page = page;
    show();
    document.getElementById("issues").scrollIntoView({ block: "start" });
    const [back, next] = parts.pager.querySelectorAll("button");
    (forward && !next.disabled ? next : back.disabled ? next : back).focus({ preventScroll: true });
  };

  const rowsOf = (issue) => {
    const open = state.open.has(issue.id);
    const button = h("button", { type: "button", class: "opener", "aria-expanded": String(open), "aria-controls": open ? `details-${issue.id}` : null,
      on: { click: () => toggle(issue.id) } }, h("span", { class: "fold", "aria-hidden": "true" }), Report.weekName(issue.id));
    const point = figures.get(issue);
    const row = h("tr", { id: `issue-${issue.id}`, class: open ? "open" : null, on: { click: (event) => clicked(event, issue.id) } },
      h("td", { class: "col-thumb" }, thumbnail(issue)),
      h("th", { scope: "row", class: "col-week" }, button,
        h("span", { class: "days" }, Report.period(model.weekOf(issue))),
        Report.quoted(issue.title, "span", { class: "title" })),
      h("td", { class: "col-rating" }, issue.rating ? Report.ratingText(issue.rating) : "–"),
      state.metric && h("td", { class: "col-figure number" }, point ? Report.valueNode(point.figure, Report.data.metrics[point.figure.m]) : "–"),
      ["figures", "pictures", "warnings"].map((name) => amount(name, issue)),
      h("td", { class: "col-published" }, Report.published(issue)),
      h("td", { class: "col-read_from" }, Report.readFrom(issue)));
    if (!open) return [row];
    return [row, h("tr", { class: "details-row", id: `details-${issue.id}` }, h("td", { colspan: row.cells.length }, Report.details.ofIssue(issue)))];
  };

  const amount = (name, issue) => {
    const value = keys[name](issue);
    return h("td", { class: `col-${name} number${name === "warnings" && value ? " doubt" : ""}` }, Report.number(value));
  };

  /** The first picture of the body that can be shown: the covers are all alike. */
  const thumbnail = (issue) => {
    const shown = issue.pictures.filter(Report.pictureSource);
    const picture = shown.find((one) => one.role !== "cover") || shown[0];
    return picture
      ? Report.image(Report.pictureSource(picture), "thumb", () => h("span", { class: "thumb" }))
      : h("span", { class: "thumb" });
  };

  /** The whole row opens the issue, but not where one chose a word of it or pressed a link. */
  const clicked = (event, id) => {
    if (!event.target.closest("a, button") && !String(getSelection())) toggle(id);
  };

  const toggle = (id) => {
    if (!state.open.delete(id)) state.open.add(id);
    replaceRows(id);
    document.querySelector(`#issue-${id} .opener`).focus({ preventScroll: true });
  };

  const replaceRows = (id) => {
    document.getElementById(`details-${id}`)?.remove();
    document.getElementById(`issue-${id}`).replaceWith(...rowsOf(model.issues.get(id)));
  };

  /** Opens the issue that the address of the page names, wherever in the table it is. */
  const reveal = (id) => {
    if (!model.issues.has(id)) return;
    if (!found().some((issue) => issue.id === id)) {
      Object.assign(state, { query: "", doubtful: false });
      render();
    }
    state.open.add(id);
    state.page = Math.floor(found().findIndex((issue) => issue.id === id) / PAGE);
    show();
    const row = document.getElementById(`issue-${id}`);
    row.scrollIntoView({ block: "start" });
    row.querySelector(".opener").focus({ preventScroll: true });
  };

  Report.issues = { render, reveal };
}
