// All plots in groups, the controls above them, and what they look like on paper.
"use strict";

{
  const { h, t, model } = Report;
  const PAPER = { narrow: 320, wide: 670, height: 170 };
  let plots = [];
  let log = false;
  let watcher = null;

  Report.plotName = (series) => (series === model.rating ? t("rating") : Report.metricName(series.metric));

  /** Under a plot's name: what the metric counts. A Chinese name is the report's own and says it. */
  Report.plotAbout = (series) => {
    if (series === model.rating) return t("rating_about");
    return Report.language === "en" ? series.metric.en : null;
  };

  const render = () => {
    for (const plot of plots) plot.dispose();
    watcher?.disconnect();
    watcher = new IntersectionObserver(
      (entries) => drawSoon(plots.filter((plot) => entries.some((entry) => entry.isIntersecting && entry.target === plot.element))),
      { rootMargin: "200px" },
    );
    plots = [];
    const groups = [...model.groups()].map(([name, series]) => group(name, series));
    const place = document.getElementById("trends-body");
    if (!groups.length) {
      place.replaceChildren(h("p", { class: "empty" }, t("empty_figures")));
      return;
    }
    place.replaceChildren(toolbar(), legend(), ...groups.map(({ element }) => element));
    refresh = () => groups.forEach((one) => one.update());
    refresh();
  };

  const waiting = new Set();

  /** One plot a frame, so that the page scrolls on meanwhile. */
  const drawSoon = (some) => {
    if (!waiting.size && some.length) requestAnimationFrame(drawNext);
    for (const plot of some) waiting.add(plot);
  };

  const drawNext = () => {
    const [plot] = waiting;
    waiting.delete(plot);
    if (plot.element.isConnected) plot.draw();
    if (waiting.size) requestAnimationFrame(drawNext);
  };

  /** A topic: its plots that have points in the range, and a line that names the others. */
  const group = (name, all) => {
    const own = all.map((series) => new Report.Plot(series, { log: () => log }));
    plots.push(...own);
    own.forEach((plot) => watcher.observe(plot.element));
    const outside = h("p", { class: "outside" });
    const element = h("section", { class: "plot-group" },
      h("h3", {}, t(`group.${name}`) || name), h("div", { class: "plots" }, own.map((plot) => plot.element)), outside);
    const update = () => {
      own.forEach((plot) => plot.update());
      const without = own.filter((plot) => (plot.element.hidden = !plot.points.length));
      outside.hidden = !without.length;
      outside.replaceChildren(`${t("not_in_range")} `, ...without.map((plot) => elsewhere(plot.series)));
      drawSoon(own.filter(inSight));
    };
    return { element, update };
  };

  const inSight = ({ element }) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > -200 && top < innerHeight + 200;
  };

  /** A metric without a point in the range, as a button that goes where it has some. */
  const elsewhere = (series) => {
    const [first, last] = [series.points[0].index, series.points.at(-1).index];
    const margin = Math.max(3, Math.round((last - first) * 0.04));
    const years = [...new Set([first, last].map((index) => model.weeks[index].id.slice(0, 4)))].join("–");
    return h("button", { type: "button", class: "chip", on: { click: () => Report.range.set(first - margin, last + margin) } },
      Report.plotName(series), h("span", {}, ` ${years}`));
  };

  let refresh = () => {};
  Report.range.onChange(() => refresh());

  const toolbar = () => {
    const scale = [false, true].map((value) =>
      h("button", { type: "button", "aria-pressed": String(log === value), on: { click: () => setLog(value, scale) } },
        t(value ? "scale_log" : "scale_linear")));
    return h("div", { class: "toolbar" }, Report.range.render(), h("div", { class: "buttons", role: "group", "aria-label": t("scale") }, scale));
  };

  const setLog = (value, buttons) => {
    log = value;
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(Boolean(place) === log)));
    redraw();
  };

  const redraw = () => {
    for (const plot of plots) plot.redraw();
    drawSoon(plots.filter(inSight));
  };

  const legend = () =>
    h("ul", { class: "legend" },
      ["text", "picture", "unsure", "gap", "break"].map((kind) =>
        h("li", {}, h("span", { class: `key key-${kind}`, "aria-hidden": "true" }), t(`legend.${kind}`))),
      h("li", { class: "how" }, t("plots_how")));

  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    redraw();
  });

  /** On paper all plots of the range are drawn anew, in ink for white. */
  addEventListener("beforeprint", () => {
    const theme = Report.theme.now();
    Report.theme.set("light");
    for (const plot of plots.filter((one) => one.points.length)) {
      plot.print(plot.series === model.rating ? PAPER.wide : PAPER.narrow, PAPER.height);
    }
    addEventListener("afterprint", () => {
      for (const plot of plots) plot.unprint?.();
      Report.theme.set(theme);
    }, { once: true });
  });

  Report.plots = { render, redraw };
}
