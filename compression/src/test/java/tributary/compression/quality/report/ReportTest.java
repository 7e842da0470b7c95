package tributary.compression.quality.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;

class ReportTest {
  @TempDir Path directory;

  @Test
  void means_are_geometric_for_ratios_and_skip_what_says_nothing() {
    List<CodecMean> means = CodecMean.of(Samples.rows());
    assertThat(means)
        .extracting(CodecMean::codec)
        .containsExactly("none", "planes:count=1", "planes:count=2");
    CodecMean one = means.get(1);
    assertThat(one.models()).isEqualTo(2);
    assertThat(one.divergence()).isCloseTo(0.2, within(1e-12));
    assertThat(one.perplexityRatio()).isCloseTo(Math.sqrt(1.1 * 1.3), within(1e-12));
    assertThat(one.perplexityRatioMax()).isEqualTo(1.3);
    assertThat(one.exactMatchShare()).isEqualTo(0.5);
    assertThat(one.exactMatchShareMin()).isEqualTo(0.5);
    assertThat(one.peakHeapBytesMax()).isEqualTo(3000);
    List<ComparisonRow> silent = List.of(Samples.row("b", "x", 1, 0.1, null));
    assertThat(CodecMean.of(silent).getFirst().exactMatchShare()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lossless | lossless",
        "spqr:bits=3 | spqr",
        "bitdelta:planes=1,scales=row,embedding_bits=4 | bitdelta row",
        "deltazip:bits=2,faithful=true,keep=2:4 | deltazip faithful",
        "x:a=false,b=0.5,c=-1 | x no a",
      })
  void numbers_do_not_make_a_family(String codec, String family) {
    assertThat(CodecFamily.of(codec)).isEqualTo(family);
  }

  @Test
  void plots_are_drawings_with_a_mark_for_each_codec_and_a_place_for_none_that_is_exact()
      throws Exception {
    ReportFiles.write(Samples.comparison(), directory);
    Document plot = parse(Files.readString(directory.resolve("kl-by-linear.svg")));
    assertThat(plot.getDocumentElement().getTagName()).isEqualTo("svg");
    // A mark with a title for each of two codecs, and the one of the legend.
    assertThat(plot.getElementsByTagName("title").getLength()).isEqualTo(3);
    assertThat(plot.getElementsByTagName("title").item(0).getTextContent())
        .isEqualTo("planes:count=1: 1 bits, 0.2");
    assertThat(directory.resolve("exact-match-by-file.svg")).exists();
  }

  @Test
  void a_measure_that_nobody_has_gets_no_plot() {
    List<ComparisonRow> silent = List.of(Samples.row("b", "x", 1, 0.1, null));
    assertThat(Plots.of(CodecMean.of(silent)).keySet())
        .noneMatch(name -> name.startsWith("exact-match"))
        .anyMatch(name -> name.startsWith("kl"));
  }

  @Test
  void the_page_needs_no_other_file_and_escapes_what_it_shows() throws Exception {
    ReportFiles.write(Samples.comparison(), directory);
    String page = Files.readString(directory.resolve("comparison.html"));
    assertThat(page)
        .contains("a &lt;machine&gt;", "compare --it &amp; &quot;all&quot;", "<td>90.0%</td>")
        .doesNotContain("src=", "href=", "a <machine>");
    assertThat(page.split("<svg", -1)).hasSize(1 + 9);
  }

  @Test
  void the_markdown_shows_each_plot_and_a_table_for_each_fine_tune() throws Exception {
    ReportFiles.write(Samples.comparison(), directory);
    String text = Files.readString(directory.resolve("comparison.md"));
    assertThat(text)
        .contains("First 7 test records", "9 calibration records", "](kl-by-file.svg)")
        .contains("## Means over the fine-tunes", "## a\n", "## b\n")
        .contains("| `planes:count=2` | 2.000 | 3.000 | 2.000 | 2,000 | 2,000 | 0.02000 |");
  }

  @Test
  void names_in_json_are_stable() {
    var json = new ObjectMapper().valueToTree(Samples.comparison());
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly("date", "machine", "command", "limit", "samples", "means", "rows");
    assertThat(json.at("/rows/1/size/bits_per_linear_weight").asDouble()).isEqualTo(1);
    assertThat(json.at("/rows/1/kept/kl").asDouble()).isEqualTo(0.1);
    assertThat(json.at("/rows/4/kept/exact_match_share").isNull()).isTrue();
    assertThat(json.at("/rows/1/effort/peak_heap_bytes").asLong()).isEqualTo(1000);
    assertThat(json.at("/means/1/top1_agreement").asDouble()).isCloseTo(0.8, within(1e-12));
  }

  private static Document parse(String xml) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
  }
}
