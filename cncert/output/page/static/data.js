// The data as data.py leaves it, with every field there: what is null or usual is left out on the way, figures and
// pictures are many.
"use strict";

{
  const FIGURE = {
    u: null, q: null, c: null, d: null, s: null, parts: [], src: "text", conf: 1, p: null, box: null, checked: null,
    w: null, y: null,
  };
  const PICTURE = { url: null, href: null, thumb: null, width: null, height: null };
  const { data } = Report;

  /** [value, change in percent] of another week. */
  const compared = (pair) => pair && { v: pair[0], pct: pair[1] };

  for (const issue of data.issues) {
    issue.figures = issue.figures.map((figure) => {
      const whole = { ...FIGURE, ...figure };
      return { ...whole, w: compared(whole.w), y: compared(whole.y) };
    });
    issue.pictures = issue.pictures.map((picture) => {
      const whole = { ...PICTURE, ...picture };
      return { ...whole, thumb: data.thumbs[whole.thumb] ?? null };
    });
  }
}
