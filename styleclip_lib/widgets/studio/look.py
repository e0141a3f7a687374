"""How the studio looks: one style sheet, in the colours of the page around it.

What fits beside what is decided by the studio's own width, not the window's: in a notebook it has less than that.
"""

ARROW = ("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E"
         "%3Cpath d='M5 7l4 4 4-4' fill='none' stroke='%23888' stroke-width='2'/%3E%3C/svg%3E")
"""The arrow of a list to choose from, in a grey that light and dark pages show; ipywidgets' own is black."""

STYLE = """<style>
.sc-studio { container-type: inline-size; width: 100%; max-width: 1240px; box-sizing: border-box; overflow: visible; }
.sc-studio { --jp-widgets-dropdown-arrow: url("ARROW"); }
.sc-studio, .sc-studio .widget-label, .sc-studio .widget-html-content { color: var(--jp-ui-font-color1, #222); }
.sc-studio .widget-html-content { line-height: 1.4; }
.sc-studio .widget-box { overflow: visible; }
.sc-studio button:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 1px; }
.sc-studio .jupyter-button { border-radius: 6px; }
.sc-studio .sc-main { display: grid; grid-template-columns: min(440px, 42%) minmax(0, 1fr); gap: 4px 24px; align-items: start; }
.sc-studio .sc-frame { position: relative; }
.sc-studio .sc-face { width: 100%; max-width: 480px; height: auto; aspect-ratio: 1; margin: 0; border-radius: 10px; object-fit: cover; }
.sc-studio .sc-running { position: absolute; left: 8px; right: 8px; bottom: 8px; padding: 4px 6px; border-radius: 8px; align-items: center;
  background: var(--jp-layout-color1, #fff); }
.sc-studio .sc-line { --jp-widgets-inline-height: 38px; display: flex; flex-flow: row wrap; gap: 0 8px; align-items: center; }
.sc-studio .sc-line input { font-size: 16px; border-radius: 6px; padding: 0 12px; }
.sc-studio .sc-line .jupyter-button { font-weight: 600; padding: 0 20px; }
.sc-studio .sc-chips { display: flex; flex-flow: row wrap; gap: 2px 4px; }
.sc-studio .sc-chips .jupyter-button { border-radius: 16px; padding: 0 12px; flex: 0 0 auto; }
.sc-studio .sc-tools { display: flex; flex-flow: row wrap; gap: 2px 4px; margin-top: 8px; padding-top: 8px;
  border-top: 1px solid var(--jp-border-color2, #ccc); }
.sc-studio .sc-thumbs { display: flex; flex-flow: row wrap; gap: 4px; padding: 3px; }
.sc-studio .sc-thumb { flex: 0 0 auto; margin: 0; padding: 0; border-radius: 6px; overflow: hidden; background-repeat: no-repeat;
  background-position: top; background-size: 100% auto; display: flex; align-items: flex-end; justify-content: center; line-height: 22px; }
.sc-studio .sc-thumb.sc-at { outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 1px; }
.sc-studio .sc-strip .sc-thumbs { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: thin; min-height: 62px; box-sizing: border-box; }
.sc-said { line-height: 1.45; font-size: 14px; min-height: 61px; }
.sc-said b { font-weight: 600; }
.sc-bars { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 1px 18px; font-size: 12px; line-height: 18px; }
.sc-bar { display: grid; grid-template-columns: 76px 60px 1fr; gap: 6px; align-items: center; white-space: nowrap; overflow: hidden; }
.sc-bar span:last-child { overflow: hidden; text-overflow: ellipsis; }
.sc-track { height: 8px; border-radius: 4px; background: var(--jp-layout-color3, #ddd); position: relative; overflow: hidden; }
.sc-fill { position: absolute; top: 0; bottom: 0; border-radius: 4px; background: var(--jp-brand-color1, #1976d2); }
.sc-bar.sc-moved { font-weight: 600; }
.sc-help { color: var(--jp-ui-font-color2, #666); font-size: 12px; line-height: 1.4; }
.sc-code { font-family: var(--jp-code-font-family, monospace); font-size: 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
@container (max-width: 639px) {
  .sc-studio .sc-main { grid-template-columns: minmax(0, 1fr); }
  .sc-studio .sc-face { display: block; margin: 0 auto; }
  .sc-studio .sc-chips { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: thin; }
}
</style>""".replace("ARROW", ARROW)
