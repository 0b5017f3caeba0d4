export { Virtualizer, elementScroll, observeElementOffset, observeElementRect, observeWindowOffset, observeWindowRect, windowScroll } from "@tanstack/virtual-core";
import * as echarts from "echarts/core";
import { TreemapChart, CustomChart, ScatterChart, LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent, AriaComponent, MarkLineComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
echarts.use([TreemapChart, CustomChart, ScatterChart, LineChart, GridComponent, TooltipComponent, AriaComponent, MarkLineComponent, SVGRenderer]);
export { echarts };
