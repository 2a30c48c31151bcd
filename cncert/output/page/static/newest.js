// The newest week: rating, figures with their changes, pictures.
"use strict";

{
  const { h, t, svg, model } = Report;
  const MANY = 9;
  const SPARK = { weeks: 53, width: 132, height: 34 };

  Report.ratingText = (level) => (Report.language === "zh" ? level : `${level} ${t(`rating.${level}`)}`);

  /** The value of a figure; one that was read from a picture looks so, and says so. */
  Report.valueNode = (figure, metric) => {
    const [before, number, after] = Report.figureParts(figure, metric);
    const text = [before && h("small", {}, before), number, after && h("small", {}, after)];
    if (!model.isPicture(figure)) return h("span", { class: "value" }, text);
    const words = Report.pictureWords(figure);
    return h("span", { class: "value from-picture", title: words },
      h("span", { class: "diamond", "aria-hidden": "true" }, model.PICTURE_FIGURES), text, h("span", { class: "unseen" }, ` (${words})`));
  };

  /** How a figure came from its picture, and how sure it is. */
  Report.pictureWords = (figure) =>
    figure.checked ? t(`checked.${figure.checked}`) : t("from_picture", { share: Report.percent(figure.conf * 100, 0) });

  /** A line of a list of comparisons. */
  Report.changeRow = (one) =>
    h("div", { class: one.text ? "none" : "change" },
      h("dt", {}, one.word),
      h("dd", {},
        one.text || h("span", { "aria-hidden": "true" }, model.changeText(one)),
        !one.text && h("span", { class: "unseen" }, model.changeWords(one)),
        !one.text && h("span", { class: "before", "aria-hidden": "true" }, ` ${t("before_was", { value: Report.number(one.value) })}`)));

  const render = () => {
    const place = document.getElementById("newest-body");
    if (!model.newest) {
      place.replaceChildren(h("p", { class: "empty" }, t("empty_issues")));
      return;
    }
    const issue = model.newest;
    place.replaceChildren(
      h("div", { class: issue.figures.length > MANY ? "newest-grid many" : "newest-grid" }, lead(issue), tiles(issue)),
      ...pictures(issue),
    );
  };

  /** The figures of an issue that are words, a line each. */
  Report.wordsOf = (issue) =>
    Object.entries(issue.words).map(([name, value]) =>
      h("p", { class: "facts" }, h("span", { class: "label" }, t(`metric.${name}`) || name), " ", Report.quoted(value)));

  const lead = (issue) => {
    const later = model.weeks.length - 1 - model.weekIndex.get(issue.id);
    return h("div", { class: "lead" },
      h("div", {},
        h("h3", { class: "newest-week" }, Report.weekName(issue.id)),
        h("p", { class: "newest-days" }, Report.period(model.weekOf(issue)))),
      rating(issue),
      h("div", {},
        Report.quoted(issue.title, "p", { class: "newest-title" }),
        h("p", { class: "newest-links" },
          h("span", {}, `${t("published")} ${Report.published(issue)}`),
          issue.source !== "page" && h("span", {}, `${t("read_from")} `, Report.readFrom(issue)),
          issue.url && !issue.gone && Report.linkOut(issue.url, t("article"), " ↗"),
          h("a", { href: `#issue-${issue.id}` }, t("all_of_issue"))),
        Report.wordsOf(issue),
        issue.gone && h("p", { class: "note" }, t("article_gone"))),
      later > 0 && h("p", { class: "note" }, t("later_weeks", { n: later }), " ", h("a", { href: "#completeness" }, t("see_calendar"))));
  };

  const rating = (issue) => {
    const scale = h("ol", { class: "scale", "aria-label": t("rating") },
      [...model.LEVELS].reverse().map((level) =>
        h("li", { class: level === issue.rating ? "here" : null, "aria-current": level === issue.rating && "true" },
          h("b", { lang: "zh-CN" }, level),
          Report.language === "zh" ? null : h("span", {}, t(`rating.${level}`)))));
    return h("div", { class: "rating" }, h("p", { class: "label" }, t("rating")), scale,
      h("p", { class: "note" }, issue.rating ? sameFor(issue) : t("rating_none")));
  };

  /** For how many stored issues the rating has been what it is. */
  const sameFor = (issue) => {
    const rest = Report.data.issues.slice(0, -1).reverse();
    const other = rest.findIndex((one) => one.rating !== issue.rating);
    const same = other < 0 ? rest.length : other;
    if (!rest.length) return "";
    return same ? t("rating_same", { n: same }) : t("rating_new", { level: rest[0].rating ? Report.ratingText(rest[0].rating) : "–" });
  };

  const tiles = (issue) => {
    const own = model.series
      .map((series) => ({ series, point: series.points.at(-1) }))
      .filter(({ point }) => point?.issue === issue);
    if (!own.length) return h("p", { class: "empty" }, t("empty_figures"));
    return h("ul", { class: "tiles" }, own.map(({ series, point }) => tile(series, point)));
  };

  const tile = (series, { issue, figure }) => {
    const stated = figure.c !== null || figure.d !== null;
    return h("li", { class: "tile" },
      h("p", { class: "label" }, Report.metricName(series.metric)),
      h("div", { class: "value-row" }, h("p", { class: "big" }, Report.valueNode(figure, series.metric)), spark(series)),
      h("dl", { class: "changes" },
        ["w", "y"].map((kind) => Report.changeRow(model.comparison(issue, figure, kind))),
        stated && Report.changeRow({ word: t("stated"), text: statedText(figure) })),
      h("details", { class: "evidence" },
        h("summary", {}, t("evidence")),
        Report.evidenceNode(issue, figure)));
  };

  const statedText = (figure) =>
    [figure.d !== null && Report.signed(figure.d), figure.c !== null && Report.signedPercent(figure.c)].filter(Boolean).join(", ");
  Report.statedText = statedText;

  /** The year up to the newest week, in small: no axis, only the shape. */
  const spark = (series) => {
    const last = model.weekIndex.get(model.newest.id);
    const points = series.points.filter((point) => point.index > last - SPARK.weeks);
    if (points.length < 3) return null;
    const values = points.map((point) => point.value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const x = (point) => SPARK.width - 4 - ((last - point.index) / (SPARK.weeks - 1)) * (SPARK.width - 8);
    const y = (point) => SPARK.height - 4 - ((point.value - low) / (high - low || 1)) * (SPARK.height - 8);
    const path = points.map((point, place) => {
      const before = points[place - 1];
      const linked = before && model.link(series.metric, before, point) === "solid";
      return `${linked ? "L" : "M"}${x(point).toFixed(1)} ${y(point).toFixed(1)}${linked ? "" : "h.01"}`;
    });
    const end = points.at(-1);
    return svg("svg", { class: "spark", viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, "aria-hidden": "true" },
      svg("path", { d: path.join("") }),
      svg("circle", { cx: x(end).toFixed(1), cy: y(end).toFixed(1), r: 3 }));
  };

  const pictures = (issue) => {
    if (!issue.pictures.length) return [];
    return [h("h3", { class: "minor" }, t("pictures")), Report.pictureList(issue)];
  };

  /** What the picture at *place* of an issue is called: the cover, or its number in the body. */
  Report.pictureName = (issue, place) => {
    const body = issue.pictures.slice(0, place + 1).filter((picture) => picture.role !== "cover");
    return issue.pictures[place].role === "cover" ? t("cover") : t("picture_number", { n: body.length });
  };

  /** The pictures of an issue, as links to the stored files or to where they were; nothing is loaded from the network. */
  Report.pictureList = (issue, facts = { class: "pictures" }) =>
    h("ul", facts, issue.pictures.map((picture, place) => h("li", {}, pictureNode(picture, Report.pictureName(issue, place)))));

  /** What an image element shows of a picture without asking the network: its small form, else the stored file. */
  Report.pictureSource = (picture) =>
    picture.thumb?.startsWith("data:image/") ? picture.thumb : picture.href && Report.safeLink(picture.href);

  /** An image; what *none* makes takes its place if its file is not where it was. */
  Report.image = (src, name, none) => {
    const image = h("img", { src, class: name, alt: "", loading: "lazy", decoding: "async" });
    image.addEventListener("error", () => image.replaceWith(none()));
    return image;
  };

  const pictureNode = (picture, name) => {
    const source = Report.pictureSource(picture);
    const none = () => h("span", { class: "no-picture" }, t(picture.status === "stored" ? "picture_elsewhere" : "picture_not_stored"));
    const shown = source ? Report.image(source, null, none) : none();
    return Report.linkOut(picture.href || picture.url, shown, h("span", { class: "caption" }, name));
  };

  Report.newest = { render };
}
