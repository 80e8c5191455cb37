"""How tasks, code in its colours and formulas look, wherever messages are drawn: on the page, and in files of them."""

SHEET = """
.task { list-style: none; }
.task .box { display: inline-block; width: 1.15em; margin-inline-start: -1.4em; }
pre .c { color: light-dark(#5f6871, #949da6); }
pre .k { color: light-dark(#b3244b, #ff8d84); }
pre :is(.n, .b) { color: light-dark(#0f5cb0, #79c0ff); }
pre :is(.s, .i) { color: light-dark(#0a6b2c, #7ee787); }
pre .f { color: light-dark(#6f42c1, #d2a8ff); }
pre .d { color: light-dark(#b31d28, #ff8d84); }
math { font-family: "Formulas", "STIX Two Math", "Cambria Math", math; font-size: 1.05em; }
math[display="block"] { display: block math; margin: 1rem 0; padding: 0.25rem 0; overflow: auto hidden; }
mtd[columnalign="left"] { text-align: -webkit-left; }
mtd[columnalign="right"] { text-align: -webkit-right; }
mtable[columnspacing^="0em"] mtd[columnalign="right"] { padding-right: 0; }
mtable[columnspacing^="0em"] mtd[columnalign="left"] { padding-left: 0; }
:is(
  mtable[columnlines]:not([columnlines*="none"]) > mtr > mtd + mtd,
  mtable[columnlines^="solid none"] > mtr > mtd:nth-child(2),
  mtable[columnlines$="none solid"] > mtr > mtd:last-child
) { border-inline-start: 1px solid; }
:is(
  mtable[rowlines]:not([rowlines*="none"]) > mtr + mtr,
  mtable[rowlines^="solid none"] > mtr:nth-child(2),
  mtable[rowlines$="none solid"] > mtr:last-child
) > mtd { border-top: 1px solid; }
[mathvariant^="bold"] { font-weight: bold; }
menclose[notation="box"] { padding: 0.25em 0.4em; border: 1px solid; }
menclose[notation^="up"] { background: linear-gradient(to bottom right, var(--strike)); }
menclose[notation^="down"] { background: linear-gradient(to top right, var(--strike)); }
menclose[notation^="up"][notation*="down"] {
  background: linear-gradient(to bottom right, var(--strike)), linear-gradient(to top right, var(--strike));
}
menclose {
  forced-color-adjust: preserve-parent-color;
  --strike:
    transparent calc(50% - 0.5px), currentColor calc(50% - 0.5px) calc(50% + 0.5px), transparent calc(50% + 0.5px);
}
"""
"""The classes that `code` gives, and what MathML says and browsers leave to a style sheet.

`Formulas` is the font that the page brings along; where it is not there, those that systems have for formulas."""
