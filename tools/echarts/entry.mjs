// The parts of ECharts that the page of scrapy report uses (cncert/webpage/static/plot.js): nothing else is bundled.
import { init, use } from "echarts/core";
import { LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, MarkLineComponent } from "echarts/components";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

use([LineChart, ScatterChart, GridComponent, MarkAreaComponent, MarkLineComponent, CanvasRenderer, SVGRenderer]);

export { init };
