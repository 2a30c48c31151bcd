// npm run build: writes ../../cncert/output/page/static/echarts.min.js and the licences that go with it.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const { version, license } = JSON.parse(read("node_modules/echarts/package.json"));

await build({
  entryPoints: ["entry.mjs"],
  outfile: "../../cncert/output/page/static/echarts.min.js",
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "echarts",
  target: "es2019",
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: `/*! Apache ECharts ${version}, ${license}: a part of it, bundled for the page of scrapy report. See echarts.LICENSE. */` },
});

const parts = [
  ["Apache ECharts", ["echarts/NOTICE", "echarts/LICENSE"]],
  ["d3, of which ECharts contains parts", ["echarts/licenses/LICENSE-d3"]],
  ["ZRender", ["zrender/LICENSE"]],
  ["tslib", ["tslib/LICENSE.txt"]],
];
const texts = parts.map(([name, files]) =>
  [`== ${name} ==`, ...files.map((file) => read(`node_modules/${file}`).replaceAll("\r\n", "\n").trim())].join("\n\n"));
writeFileSync(
  new URL("../../cncert/output/page/static/echarts.LICENSE", import.meta.url),
  ["echarts.min.js holds code of these projects, under these licences.", ...texts].join("\n\n\n") + "\n",
);
