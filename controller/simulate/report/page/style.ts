/** Colours are named once a scheme; the system's scheme counts until a reader chooses another. */
const LIGHT = `color-scheme: light; --page: #f6f7f9; --card: #ffffff; --ink: #16202c; --soft: #5b6877; --line: #e1e6ec; --grid: #eef1f5;
  --ours: #0a66c2; --other: #c2570a; --need: #94a1b2; --need-fill: rgba(148, 161, 178, .22); --load: #2f8f6b; --load-fill: rgba(47, 143, 107, .16); --short: rgba(214, 40, 57, .20); --bad: #c01f33;`;
const DARK = `color-scheme: dark; --page: #0e131a; --card: #171e28; --ink: #e6ecf3; --soft: #93a1b3; --line: #293342; --grid: #202938;
  --ours: #5aa9ff; --other: #ffa057; --need: #6f7f93; --need-fill: rgba(111, 127, 147, .25); --load: #58c79b; --load-fill: rgba(88, 199, 155, .14); --short: rgba(255, 92, 108, .30); --bad: #ff7a88;`;

export const STYLE = `
:root { ${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not([data-scheme]) { ${DARK} } }
:root[data-scheme="dark"] { ${DARK} }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
header { display: flex; gap: 20px; align-items: flex-start; justify-content: space-between; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 18px; margin: 0 0 4px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 0 0 10px; max-width: 92ch; }
.lead { color: var(--soft); }
section > p.soft { max-width: none; }
.soft { color: var(--soft); font-size: 13.5px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px; margin-top: 18px; }
.verdict { font-size: 17px; line-height: 1.5; margin-top: 18px; }
.verdict p { max-width: none; margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-top: 18px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
.tile b { display: block; font-size: 25px; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; }
.tile span { color: var(--soft); font-size: 13px; }
button, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 5px 10px; cursor: pointer; }
button:hover, select:hover { border-color: var(--soft); }
button:focus-visible, select:focus-visible { outline: 2px solid var(--ours); outline-offset: 1px; }
button.link { border: 0; padding: 0; background: none; color: var(--ours); font-weight: 400; text-decoration: underline; text-underline-offset: 2px; }
.scheme { flex: none; }
.controls { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; margin: 12px 0 6px; }
.controls .zoom { margin-left: auto; display: flex; gap: 6px; }
.key { display: inline-block; width: 22px; height: 4px; border-radius: 2px; vertical-align: middle; margin-right: 6px; background: currentColor; }
.key.area { height: 11px; border-radius: 3px; opacity: .75; }
.k-ours { color: var(--ours); } .k-other { color: var(--other); } .k-need { color: var(--need); } .k-load { color: var(--load); } .k-short { color: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 13.5px; color: var(--soft); margin: 10px 0 4px; min-height: 22px; }
.legend #at { margin-left: auto; color: var(--ink); }
.legend b { color: var(--ink); font-weight: 600; display: inline-block; min-width: 2.2em; }
.chart { margin-top: 6px; }
.chart .u-legend { display: none; }
.u-select { background: color-mix(in srgb, var(--ours) 18%, transparent); }
.u-cursor-x, .u-cursor-y { border-color: var(--soft) !important; }
.wide { overflow-x: auto; margin: 10px -20px 0; padding: 0 20px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: right; padding: 8px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; font-size: 12.5px; vertical-align: bottom; cursor: help; }
th:first-child { text-align: left; padding-left: 0; white-space: normal; min-width: 260px; font-weight: 600; }
td.best { font-weight: 650; }
.elasticity { margin-top: 22px; }
th small { display: block; font-weight: 400; color: var(--soft); font-size: 12.5px; line-height: 1.4; }
tbody tr:last-child > * { border-bottom: 0; }
tr.ours th, tr.ours td { color: var(--ours); }
tr.ours th small { color: var(--soft); }
.scatter { width: 100%; height: auto; margin-top: 10px; }
.scatter .lead { stroke: var(--soft); stroke-width: 1; opacity: .6; }
.scatter .grid { stroke: var(--line); stroke-width: 1; }
.scatter text { fill: var(--ink); font-size: 12px; }
.scatter .tick, .scatter .axis { fill: var(--soft); font-size: 11.5px; }
.scatter circle { fill: var(--other); stroke: var(--card); stroke-width: 2; }
.scatter .ours circle { fill: var(--ours); } .scatter .ours text { fill: var(--ours); font-weight: 650; }
ul.worst { list-style: none; margin: 12px 0 0; padding: 0; display: grid; gap: 14px 28px; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); }
ul.worst p { margin: 2px 0 0; font-size: 14px; color: var(--soft); } ul.worst strong { color: var(--ink); } ul.worst .ours h3 { color: var(--ours); }
dl { display: grid; grid-template-columns: minmax(120px, max-content) 1fr; gap: 6px 18px; margin: 10px 0 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; }
footer { color: var(--soft); font-size: 13px; margin-top: 22px; }
@media (max-width: 640px) { .controls .zoom { margin-left: 0; } main { padding: 18px 12px 40px; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@media print { .scheme, .controls { display: none; } section { break-inside: avoid; } }
`;
