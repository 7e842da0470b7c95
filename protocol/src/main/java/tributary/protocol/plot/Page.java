package tributary.protocol.plot;

import static tributary.protocol.plot.Markup.escaped;

import java.util.List;
import java.util.stream.Collectors;

/** A report as one HTML page, in the reader's light or dark scheme, that needs no other file. */
public final class Page {
  private static final String STYLE =
      """
      :root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--paper:#fff;--rule:#d1d9e0}
      @media(prefers-color-scheme:dark){
      :root{--ink:#e6edf3;--soft:#9aa4af;--paper:#0d1117;--rule:#31373e}}
      body{margin:2rem auto;padding:0 1rem;max-width:100rem;color:var(--ink);
      background:var(--paper);font:15px/1.5 system-ui,Helvetica,Arial,sans-serif}
      p,li{max-width:60rem}.soft{color:var(--soft)}
      pre{overflow-x:auto;padding:.6rem;border:1px solid var(--rule);border-radius:6px}
      .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(30rem,1fr));gap:1.5rem}
      .plots svg{width:100%;height:auto}
      .wide{overflow-x:auto}
      table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
      th,td{padding:.25rem .5rem;border-bottom:1px solid var(--rule);text-align:right}
      th{vertical-align:bottom}td{white-space:nowrap}
      th:first-child,td:first-child,th:nth-child(2):last-child,td:nth-child(2):last-child{
      text-align:left}
      """;

  private final String title;
  private final StringBuilder body = new StringBuilder();

  public Page(String title) {
    this.title = title;
  }

  public Page heading(String text) {
    body.append("<h2>").append(escaped(text)).append("</h2>\n");
    return this;
  }

  public Page paragraph(String text) {
    body.append("<p>").append(escaped(text)).append("</p>\n");
    return this;
  }

  /** A paragraph that steps back behind the others. */
  public Page remark(String text) {
    body.append("<p class=\"soft\">").append(escaped(text)).append("</p>\n");
    return this;
  }

  /** Lines as they are, such as a command. */
  public Page verbatim(String text) {
    body.append("<pre>").append(escaped(text)).append("</pre>\n");
    return this;
  }

  public Page list(List<String> sentences) {
    body.append(
        sentences.stream()
            .map(sentence -> "<li>" + escaped(sentence) + "</li>\n")
            .collect(Collectors.joining("", "<ul>\n", "</ul>\n")));
    return this;
  }

  public Page table(List<String> headings, List<List<String>> rows) {
    body.append("<div class=\"wide\"><table>\n<thead>").append(cells("th", headings));
    body.append("</thead>\n<tbody>\n");
    rows.forEach(row -> body.append(cells("td", row)).append('\n'));
    body.append("</tbody>\n</table></div>\n");
    return this;
  }

  /** Plots beside each other, as many as the window has room for. */
  public Page plots(List<LinePlot> plots) {
    body.append("<div class=\"plots\">\n");
    plots.forEach(plot -> body.append(plot.toSvg()));
    body.append("</div>\n");
    return this;
  }

  public String toHtml() {
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>%1$s</title>
    <style>
    %2$s</style>
    </head>
    <body>
    <h1>%1$s</h1>
    %3$s</body>
    </html>
    """
        .formatted(escaped(title), STYLE, body);
  }

  private static String cells(String element, List<String> cells) {
    return cells.stream()
        .map(cell -> "<%1$s>%2$s</%1$s>".formatted(element, escaped(cell)))
        .collect(Collectors.joining("", "<tr>", "</tr>"));
  }
}
