/**
 * The page's style sheet. Warm paper and ink, one honey accent, colour otherwise only for severity; system fonts, so that
 * nothing is fetched. Light and dark share one set of names. All text keeps a contrast of 4.5 to 1 or more on its ground.
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --paper: #faf8f3; --card: #ffffff; --ink: #221f1a; --soft: #645d52; --line: #e3dccf; --faint: #f2ede3;
  --honey: #8a5a00; --honey-wash: #f6e7c4;
  --high: #a8201a; --medium: #8f5400; --low: #2f6184;
  --high-wash: #fbe6e3; --medium-wash: #fbeed3; --low-wash: #e3eef5;
  --good: #2d6a3e;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Charter, Georgia, serif;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #171512; --card: #1f1c18; --ink: #ece6da; --soft: #a99f8f; --line: #3a352d; --faint: #26221d;
    --honey: #e5b04a; --honey-wash: #40331a;
    --high: #ff9388; --medium: #f0b45c; --low: #8fc0e0;
    --high-wash: #43211e; --medium-wash: #3d2f16; --low-wash: #1d3240;
    --good: #8fcf9f;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 3.5rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); }
.wrap { max-width: 72rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
h1, h2, h3 { font-family: var(--serif); font-weight: 600; line-height: 1.2; text-wrap: balance; margin: 0; }
h1 { font-size: clamp(1.9rem, 5vw, 2.9rem); letter-spacing: -0.012em; overflow-wrap: anywhere; }
h2 { font-size: 1.55rem; letter-spacing: -0.005em; }
h3 { font-size: 1.1rem; }
p { margin: 0; max-width: 68ch; }
a { color: var(--honey); text-underline-offset: 0.18em; }
:focus-visible { outline: 2px solid var(--honey); outline-offset: 2px; border-radius: 3px; }
code { font: 0.86em/1.5 var(--mono); overflow-wrap: anywhere; white-space: break-spaces; unicode-bidi: isolate; }
.soft { color: var(--soft); }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; z-index: 3; background: var(--card); padding: 0.5rem 1rem; }

.masthead { padding-block: 2.75rem 2rem; }
.brand { display: flex; align-items: center; gap: 0.55rem; color: var(--honey); font-size: 0.82rem; font-weight: 600; letter-spacing: 0.09em; text-transform: uppercase; margin-bottom: 1.1rem; }
.brand svg { width: 1.6rem; height: 1.6rem; }
.verdict { font-family: var(--serif); font-size: 1.25rem; line-height: 1.45; margin-top: 0.75rem; color: var(--soft); }
.verdict strong { color: var(--ink); font-weight: 600; }
.provenance { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, auto)); gap: 0.6rem 2rem; margin: 1.6rem 0 0; font-size: 0.9rem; }
.provenance .wide { grid-column: 1 / -1; }
dt { color: var(--soft); font-size: 0.8rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }

nav { position: sticky; top: 0; z-index: 2; background: var(--paper); border-block: 1px solid var(--line); }
nav .wrap { display: flex; gap: 0.25rem 1.5rem; list-style: none; margin: 0 auto; padding-block: 0.6rem; overflow-x: auto; font-size: 0.92rem; }
nav a { color: var(--ink); text-decoration: none; white-space: nowrap; padding: 0.2rem 0; display: inline-block; }
nav a:hover { color: var(--honey); text-decoration: underline; }
nav .count { color: var(--soft); font-variant-numeric: tabular-nums; margin-left: 0.3rem; }

main section { padding: 2.75rem 0 0.5rem; }
.lead { color: var(--soft); margin: 0.4rem 0 1.3rem; }
.cards { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--tone); border-radius: 4px; padding: 1.1rem 1.25rem 1.2rem; }
.card.high { --tone: var(--high); } .card.medium { --tone: var(--medium); } .card.low { --tone: var(--low); }
.card .name { display: flex; align-items: center; gap: 0.45rem; color: var(--tone); font: 600 0.95rem/1.3 var(--sans); }
.card .number { font: 600 clamp(2.1rem, 6vw, 3.1rem)/1.1 var(--serif); font-variant-numeric: lining-nums tabular-nums; margin-top: 0.35rem; }
.card .note { color: var(--soft); font-size: 0.88rem; }
.strip { display: block; width: 100%; height: 8px; margin: 1rem 0 0; border-radius: 4px; background: var(--faint); }
.fill-high { fill: var(--high); } .fill-medium { fill: var(--medium); } .fill-low { fill: var(--low); } .fill-honey { fill: var(--honey); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); background: var(--card); border: 1px solid var(--line); border-radius: 4px; overflow: hidden; margin: 1.25rem 0 0; }
.facts div { display: flex; flex-direction: column; justify-content: space-between; padding: 0.75rem 1rem; box-shadow: 1px 1px 0 var(--line); }
.facts dd { font-size: 1.2rem; font-weight: 600; }

.panel { background: var(--card); border: 1px solid var(--line); border-radius: 4px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem; }
caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: 0.6rem 1rem; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-size: 0.8rem; font-weight: 600; background: var(--faint); white-space: nowrap; }
tbody th { font-weight: inherit; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.roomy, td.roomy { width: 26%; }
.bar { display: block; width: 100%; min-width: 4rem; height: 8px; border-radius: 2px; background: var(--faint); margin-top: 0.5em; }
.sev { display: inline-flex; align-items: center; gap: 0.35em; font-size: 0.82rem; font-weight: 600; padding: 0.05rem 0.5rem 0.05rem 0.4rem; border-radius: 99rem; white-space: nowrap; }
.sev svg, .card .name svg { width: 0.62rem; height: 0.62rem; fill: currentColor; flex: none; }
.sev.high { color: var(--high); background: var(--high-wash); }
.sev.medium { color: var(--medium); background: var(--medium-wash); }
.sev.low { color: var(--low); background: var(--low-wash); }
.tag { font-size: 0.76rem; font-weight: 600; color: var(--honey); background: var(--honey-wash); border-radius: 3px; padding: 0.05rem 0.4rem; white-space: nowrap; }
.state-lost { color: var(--high); font-weight: 600; } .state-alive { color: var(--good); font-weight: 600; }
details summary { cursor: pointer; }
details p { margin: 0.4rem 0 0.2rem; color: var(--soft); font-size: 0.92rem; }
.dense td { padding-block: 0.3rem; border-bottom: 0; }
.dense .soft { margin-left: 0.6rem; }
.shares td:last-child { width: 34%; }
.in-commit { display: block; font-size: 0.88rem; }
.empty { margin-top: 1.2rem; background: var(--card); border: 1px dashed var(--line); border-radius: 4px; padding: 1.5rem; color: var(--soft); max-width: none; }

.figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 4px; overflow-x: auto; }
.figure svg { display: block; width: 100%; min-width: 40rem; height: auto; font: 11.5px var(--sans); }
.figure text { fill: var(--soft); font-variant-numeric: tabular-nums; }
.figure .axis { font-size: 12.5px; }
.figure .name { fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
.grid { stroke: var(--line); stroke-width: 1; }
.bubble { fill: var(--low); fill-opacity: 0.22; stroke: var(--low); stroke-opacity: 0.65; }
.bubble.hot { fill: var(--honey); fill-opacity: 0.42; stroke: var(--honey); stroke-opacity: 1; }
.bubble:hover { fill-opacity: 0.75; }
.ranks { columns: 2; column-gap: 2.5rem; margin: 1.1rem 0 0; padding-left: 1.6rem; font-size: 0.92rem; }
.ranks li { break-inside: avoid; padding: 0.25rem 0; }
.ranks li::marker { color: var(--soft); font-variant-numeric: tabular-nums; }

.filter { display: flex; flex-wrap: wrap; gap: 0.75rem 1.25rem; align-items: end; margin-bottom: 1rem; }
.filter[hidden], tr[hidden] { display: none !important; }
.filter fieldset { border: 0; padding: 0; margin: 0; display: flex; gap: 1rem; padding-bottom: 0.45rem; }
.filter legend { float: left; }
.filter label { font-size: 0.9rem; }
.filter .field { display: flex; flex-direction: column; gap: 0.2rem; flex: 1 1 14rem; min-width: 0; color: var(--soft); font-size: 0.8rem; }
.filter input[type="search"], .filter select, .filter button { font: 0.95rem var(--sans); color: var(--ink); background: var(--card); border: 1px solid var(--soft); border-radius: 4px; padding: 0.4rem 0.6rem; min-height: 2.4rem; width: 100%; }
.filter button { width: auto; cursor: pointer; }
.filter input[type="checkbox"] { accent-color: var(--honey); width: 1rem; height: 1rem; vertical-align: -0.15em; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
#shown { flex-basis: 100%; color: var(--soft); font-size: 0.9rem; font-variant-numeric: tabular-nums; }
#findings-table td:nth-child(1) { width: 7rem; } #findings-table td:nth-child(3) { width: 42%; }
#findings-table .rule { display: block; color: var(--soft); }
#findings-table tbody tr:hover { background: var(--faint); }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1.25rem; align-items: start; }
.stack > * + * { margin-top: 1.25rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding: 1.25rem 0 3rem; color: var(--soft); font-size: 0.88rem; }

@media (max-width: 46rem) {
  .masthead { padding-top: 1.75rem; }
  .cards { gap: 0.5rem; } .card { padding: 0.7rem 0.8rem 0.8rem; }
  .two { grid-template-columns: 1fr; } .ranks { columns: 1; }
  th, td { padding: 0.5rem 0.7rem; }
  .roomy { display: none; }
  #findings-table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  #findings-table, #findings-table tbody { display: block; }
  #findings-table tr { display: grid; gap: 0.3rem; padding: 0.8rem; border-bottom: 1px solid var(--line); }
  #findings-table tr:last-child { border-bottom: 0; }
  #findings-table td { display: block; width: auto !important; padding: 0; border: 0; }
}
@media print {
  nav, .filter, .skip { display: none !important; }
  body { background: #fff; } tr, .card { break-inside: avoid; }
}
`;
