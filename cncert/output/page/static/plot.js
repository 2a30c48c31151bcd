// One plot: a metric over time. Drawn when it is first seen, by ECharts; pointing, keys and zoom are the page's own.
"use strict";

{
  const { h, t, model } = Report;
  const { DAY } = model;
  const WEEK = 7 * DAY;
  const GRID = { left: 46, right: 14, top: 24, bottom: 24 };
  const REACH = 40;
  const TOLERANCE = 6;
  const SIGNS = "①②③④⑤⑥⑦⑧⑨";

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const names = ["text", "muted", "rule", "surface", "line", "accent", "picture", "missing"];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  };

  const middle = (index) => model.weeks[index].time + WEEK / 2;
  const begin = (index) => model.weeks[index].time;

  /** Where the ticks of the time axis stand: as many months apart as there is room for. */
  const ticks = (from, to, width) => {
    const months = (to - from) / (30.4 * DAY);
    const step = [1, 2, 3, 6, 12, 24, 60, 120, 240].find((one) => width / (months / one) >= 46) || 480;
    const found = [];
    const start = new Date(from);
    for (let count = start.getUTCFullYear() * 12 - (step > 12 ? (start.getUTCFullYear() * 12) % step : 0); ; count += step) {
      const time = Date.UTC(Math.floor(count / 12), count % 12, 1);
      if (time > to) return found;
      if (time >= from) found.push(time);
    }
  };

  const tickText = (time) => {
    const date = new Date(time);
    return date.getUTCMonth() === 0 ? String(date.getUTCFullYear()) : Report.month(date);
  };

  /** The lines between points as ECharts wants them: null where the line is broken. */
  const lines = (metric, points, kind) => {
    const found = [];
    points.forEach((point, place) => {
      const before = points[place - 1];
      if (!before || model.link(metric, before, point) !== kind) found.push([middle(point.index), null]);
      else if (found.at(-1)?.[1] == null) found.push([middle(before.index), before.value], [middle(point.index), point.value]);
      else found.push([middle(point.index), point.value]);
    });
    return found;
  };

  /** All missing weeks as one area: an object a gap would be a thousand in a long series. */
  const shade = ({ from, to }) =>
    model.gaps
      .filter(([first, last]) => last >= from && first <= to)
      .flatMap(([first, last]) => {
        const [left, right] = [begin(Math.max(first, from)), begin(Math.min(last, to)) + WEEK];
        return [[left, 1], [right, 1], [right, null]];
      });

  /** The breaks of a metric that touch the range, each with the visible ones of the weeks between which it lies. */
  const visibleBreaks = (metric, { from, to }) => {
    const [first, last] = [model.weeks[from].id, model.weeks[to].id];
    return metric.breaks.filter((known) => known.old <= last && known.new >= first).map((known, place) => {
      const edges = [(week) => week.id > known.old, (week) => week.id >= known.new].map((is) => model.weeks.findIndex(is));
      return { known, sign: SIGNS[place] || "*", edges: [...new Set(edges)].filter((edge) => edge >= from && edge <= to) };
    });
  };

  const breakMarks = (metric, range, colour) =>
    visibleBreaks(metric, range).flatMap(({ sign, edges }) =>
      edges.map((edge) => ({ xAxis: begin(edge), label: { formatter: sign, color: colour.text, fontSize: 13, distance: 2 } })));

  /** Points of one look. Hundreds of them are one object: an object each would be slow to draw. */
  const scatter = (points, symbol, symbolSize, itemStyle) => ({
    type: "scatter", silent: true, symbol, symbolSize, itemStyle, large: true, largeThreshold: 300, progressive: 0, z: 3,
    data: points.map((point) => [middle(point.index), point.value]),
  });

  /** The points as text and pictures show them, each sure and unsure. */
  const dots = (points, size, colour) => {
    const looks = [
      [false, "circle", size, { color: colour.accent }],
      [true, "diamond", size * 1.3, { color: colour.surface, borderColor: colour.picture, borderWidth: 1.6 }],
    ];
    return looks.flatMap(([picture, symbol, symbolSize, style]) =>
      [false, true].map((unsure) =>
        scatter(points.filter(({ figure }) => model.isPicture(figure) === picture && model.isUnsure(figure) === unsure),
          symbol, symbolSize, { ...style, opacity: unsure ? 0.45 : 1 })));
  };

  const option = (series, points, range, width, log) => {
    const colour = colours();
    const [first, last] = [begin(range.from), begin(range.to) + WEEK];
    const shown = log ? points.filter((point) => point.value > 0) : points;
    const size = Report.clamp((width / Math.max(1, shown.length)) * 0.7, 3, 8);
    const marks = ticks(first, last, width - GRID.left - GRID.right);
    const label = { color: colour.muted, fontSize: 11, fontFamily: getComputedStyle(document.body).fontFamily };
    const line = (kind) => ({
      type: "line", silent: true, showSymbol: false, data: lines(series.metric, shown, kind), z: 2,
      lineStyle: { color: colour.line, width: 1.6, type: kind, opacity: kind === "dotted" ? 0.7 : 1 },
    });
    const levels = series.levels && {
      min: 0.5, max: series.levels.length + 0.5,
      axisLabel: { ...label, customValues: series.levels.map((_, place) => place + 1), formatter: (value) => series.levels[value - 1] || "" },
    };
    return {
      animation: false,
      grid: { ...GRID, outerBoundsMode: "none" },
      xAxis: {
        type: "value", min: first, max: last,
        axisLine: { lineStyle: { color: colour.rule } },
        axisTick: { customValues: marks, lineStyle: { color: colour.rule } },
        axisLabel: { ...label, customValues: marks, formatter: tickText, hideOverlap: true },
        splitLine: { show: false },
      },
      yAxis: [
        {
          type: log && !levels ? "log" : "value", splitNumber: 3, axisLine: { show: false }, axisTick: { show: false },
          axisLabel: { ...label, formatter: Report.compact }, splitLine: { lineStyle: { color: colour.rule } },
          ...levels,
        },
        { type: "value", min: 0, max: 1, show: false },
      ],
      series: [
        { type: "line", yAxisIndex: 1, silent: true, showSymbol: false, data: shade(range), z: 0,
          lineStyle: { width: 0 }, areaStyle: { color: colour.missing, opacity: 1 },
          markLine: { silent: true, symbol: "none", lineStyle: { color: colour.muted, type: "dashed", width: 1.2 },
            data: breakMarks(series.metric, range, colour) } },
        ...(levels ? [] : [line("dotted"), line("solid")]),
        ...dots(shown, size, colour),
      ],
    };
  };

  /** The plot of *series*; `settings.log()` says which scale. */
  Report.Plot = class {
    constructor(series, settings) {
      Object.assign(this, { series, settings, chart: null, current: null, points: [], dirty: true });
      const name = Report.plotName(series);
      this.box = h("div", {
        class: "plot-box", tabindex: 0, role: "application", "aria-roledescription": t("plot"), "aria-label": `${name}. ${t("plot_keys")}`,
        on: {
          pointermove: (event) => this.move(event), pointerleave: () => this.leave(), pointerdown: (event) => this.press(event),
          pointerup: (event) => this.release(event), pointercancel: () => this.stopDrag(), dblclick: () => Report.range.all(),
          keydown: (event) => this.key(event), blur: () => !Report.card.pinned && this.leave(),
        },
      });
      this.ring = h("div", { class: "ring", hidden: true });
      this.cross = h("div", { class: "cross", hidden: true });
      this.drag = h("div", { class: "drag", hidden: true });
      this.canvas = h("div", { class: "canvas" });
      this.box.append(this.canvas, this.cross, this.ring, this.drag);
      this.notes = h("div", { class: "plot-notes" });
      this.table = h("div", { class: "plot-table", hidden: true });
      this.toggle = h("button", { type: "button", class: "quiet", "aria-expanded": "false", on: { click: () => this.showTable() } },
        t("as_table"), h("span", { class: "unseen" }, t("colon"), name));
      this.element = h("figure", { class: "plot", data: { metric: series.metric.name } },
        h("figcaption", {}, h("div", {}, h("h4", {}, name), h("p", { class: "about" }, Report.plotAbout(series))), this.toggle),
        this.box, this.notes, this.table);
    }

    /** Takes over the range; draws if the plot is in sight. */
    update() {
      const { from, to } = Report.range.now;
      this.points = this.series.points.filter(({ index }) => index >= from && index <= to);
      this.current = null;
      this.dirty = true;
      this.leave();
      if (!this.table.hidden) this.fillTable();
      this.fillNotes();
    }

    draw() {
      if (!this.dirty || !this.box.clientWidth) return;
      this.dirty = false;
      this.chart ??= echarts.init(this.canvas, null, { renderer: "canvas" });
      this.chart.resize();
      this.chart.setOption(option(this.series, this.points, Report.range.now, this.box.clientWidth, this.settings.log()), true);
    }

    redraw() {
      this.dirty = true;
    }

    /** A drawing of lines for paper, beside the one of the screen. */
    print(width, height) {
      this.paper = h("div", { class: "paper" });
      this.box.append(this.paper);
      const chart = echarts.init(this.paper, null, { renderer: "svg", width, height });
      chart.setOption(option(this.series, this.points, Report.range.now, width, this.settings.log()));
      this.unprint = () => {
        chart.dispose();
        this.paper.remove();
        this.unprint = null;
      };
    }

    dispose() {
      this.chart?.dispose();
      this.chart = null;
    }

    place(point) {
      const [x, y] = this.chart.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [middle(point.index), point.value]);
      return { x, y };
    }

    /** The index of the week below *x*. */
    weekAt(x) {
      const [time] = this.chart.convertFromPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [x, 0]);
      const { from, to } = Report.range.now;
      return Report.clamp(Math.floor((time - begin(0)) / WEEK), from, to);
    }

    /** The place in `points` of the one that is nearest to *x*, or -1. */
    nearest(x) {
      const week = this.weekAt(x);
      let best = -1;
      this.points.forEach((point, place) => {
        if (best < 0 || Math.abs(point.index - week) < Math.abs(this.points[best].index - week)) best = place;
      });
      return best >= 0 && Math.abs(this.place(this.points[best]).x - x) <= REACH ? best : -1;
    }

    offset(event) {
      const { left, top } = this.box.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    }

    move(event) {
      if (!this.chart || event.pointerType === "touch") return;
      const { x } = this.offset(event);
      if (this.dragFrom !== undefined && Math.abs(x - this.dragFrom) > 6) this.showDrag(x);
      else if (!Report.card.pinned) this.point(x);
    }

    /** Shows what lies at *x*: a missing week, or the nearest point. Weeks of few pixels leave room to hit a lone point. */
    point(x, pinned = false) {
      const week = model.weeks[this.weekAt(x)];
      const place = this.nearest(x);
      const { from, to } = Report.range.now;
      const hit = this.box.clientWidth / (to - from + 1) < TOLERANCE ? TOLERANCE : 0;
      const beside = place < 0 || Math.abs(this.place(this.points[place]).x - x) > hit;
      if (!week.stored && beside) this.showWeek(week, x);
      else if (place >= 0) this.showPoint(place, pinned);
      else this.leave();
    }

    showPoint(place, pinned = false) {
      this.draw();
      this.current = place;
      const point = this.points[place];
      const { x, y } = this.place(point);
      this.ring.hidden = this.cross.hidden = false;
      this.ring.style.transform = `translate(${x}px, ${y}px)`;
      this.cross.style.transform = `translateX(${x}px)`;
      const { left, top } = this.box.getBoundingClientRect();
      Report.card.show(Report.card.ofPoint(this.series, point), left + x, top + y, pinned ? this.box : null);
    }

    showWeek(week, x) {
      this.ring.hidden = true;
      this.cross.hidden = false;
      this.cross.style.transform = `translateX(${x}px)`;
      const { left, top } = this.box.getBoundingClientRect();
      Report.card.show(Report.card.ofWeek(week), left + x, top + 40);
    }

    leave() {
      if (Report.card.pinned || (this.ring.hidden && this.cross.hidden)) return;
      this.ring.hidden = this.cross.hidden = true;
      Report.card.hide();
    }

    press(event) {
      if (event.pointerType === "mouse" && event.button === 0) {
        this.dragFrom = this.offset(event).x;
        this.box.setPointerCapture(event.pointerId);
      }
    }

    showDrag(x) {
      this.leave();
      const [left, right] = [Math.min(x, this.dragFrom), Math.max(x, this.dragFrom)];
      this.drag.hidden = false;
      this.drag.style.left = `${left}px`;
      this.drag.style.width = `${right - left}px`;
    }

    /** The end of a drag zooms, a click keeps the card. */
    release(event) {
      if (event.button !== 0) return;
      const { x } = this.offset(event);
      const start = this.dragFrom;
      const dragged = !this.drag.hidden;
      this.stopDrag();
      if (dragged) Report.range.set(this.weekAt(start), this.weekAt(x));
      else if (this.chart) this.point(x, true);
    }

    stopDrag() {
      this.dragFrom = undefined;
      this.drag.hidden = true;
    }

    key(event) {
      const last = this.points.length - 1;
      const now = this.current;
      const goals = {
        ArrowRight: now === null ? last : now + 1, ArrowLeft: now === null ? last : now - 1,
        PageDown: (now ?? last) - 13, PageUp: (now ?? last) + 13, Home: 0, End: last,
      };
      const other = event.ctrlKey || event.metaKey || event.altKey;
      if (last < 0 || other || !(event.key in goals || event.key === "Enter")) return;
      event.preventDefault();
      const place = event.key === "Enter" ? now ?? last : Report.clamp(goals[event.key], 0, last);
      this.showPoint(place, event.key === "Enter");
      if (event.key === "Enter") Report.card.enter();
      else Report.say(Report.card.words(this.series, this.points[place]));
    }

    fillNotes() {
      const found = visibleBreaks(this.series.metric, Report.range.now);
      this.notes.replaceChildren(...found.map(({ known, sign }) => Report.breakNote(known, sign)));
    }

    showTable() {
      this.table.hidden = !this.table.hidden;
      this.toggle.setAttribute("aria-expanded", String(!this.table.hidden));
      if (!this.table.hidden) this.fillTable();
    }

    fillTable() {
      const { metric } = this.series;
      const heads = ["week", "value", "source", "evidence"].map((word) => h("th", { scope: "col" }, t(word)));
      const rows = [...this.points].reverse().map(({ index, issue, figure, value }) =>
        h("tr", {},
          h("th", { scope: "row" }, h("a", { href: `#issue-${issue.id}` }, issue.id), " ", h("span", { class: "days" }, Report.period(model.weeks[index]))),
          h("td", { class: "number" }, figure ? Report.valueNode(figure, metric) : Report.ratingText(model.LEVELS[value - 1])),
          h("td", {}, figure ? t(`source.${figure.src}`) : "–"),
          Report.quoted(figure ? issue.evidences[figure.e] ?? "" : "", "td")));
      this.table.replaceChildren(
        h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": Report.plotName(this.series) },
          h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))));
    }
  };

  /** What changed, and between which weeks; the whole note on request. */
  Report.breakNote = (known, sign) => {
    const note = (Report.language === "zh" && known.note_zh) || known.note;
    return h("details", { class: "break" },
      h("summary", {}, sign && h("b", {}, sign, " "), t("break_between", { kind: t(`break.${known.kind}`) || known.kind, old: known.old, new: known.new })),
      h("p", { dir: "auto" }, note, known.inferred && ` ${t("break_inferred")}`));
  };
}
