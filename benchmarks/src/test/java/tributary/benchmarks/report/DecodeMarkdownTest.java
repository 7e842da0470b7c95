package tributary.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tributary.benchmarks.engines.DecodeResult;
import tributary.benchmarks.weights.ModelShape;

class DecodeMarkdownTest {
  private static final List<Integer> PROMPT = List.of(1, 2);

  @Test
  void a_row_gives_the_median_round_the_ratio_and_the_agreement() {
    Figures reference =
        Figures.none("llama.cpp-java", 1).with(result(10, 5, 6, 7)).with(result(30, 5, 6, 7))
            .with(result(20, 5, 6, 7));
    Figures ours = Figures.none("tributary", 1).with(result(50, 5, 6, 8));

    String document = document(ours, reference);

    assertThat(document)
        .containsPattern("\\| tributary +\\| 1 +\\| 50\\.0 +.*\\| - +\\| 2 of 3 ")
        .containsPattern(
            "\\| llama\\.cpp-java +\\| 1 +\\| 20\\.0 +\\| 10\\.0 to 30\\.0 .*2\\.50 x as fast");
  }

  @Test
  void a_failed_engine_is_a_row_and_a_reason() {
    String document = document(Figures.none("tributary", 8).withFailure("not there yet"));

    assertThat(document)
        .containsPattern("\\| tributary +\\| 8 +\\| failed ")
        .contains("tributary, batch 8, failed: not there yet");
  }

  @Test
  void engines_that_tokenized_the_prompt_differently_are_not_compared() {
    Figures reference = Figures.none("llama.cpp-java", 1).with(result(10, 5));
    Figures other =
        Figures.none("jlama-native", 1)
            .with(new DecodeResult(List.of(10.0), List.of(9), List.of(5)));

    assertThat(document(reference, other)).contains("other prompt tokens");
  }

  private static DecodeResult result(double tokensPerSecond, Integer... tokens) {
    return new DecodeResult(List.of(tokensPerSecond), PROMPT, List.of(tokens));
  }

  private static String document(Figures... figures) {
    Machine machine = new Machine("a processor", 2, 24, 40, "a system", "a JDK");
    return new DecodeMarkdown(
            new DecodeReport(
                "2026-01-01T00:00:00Z", "benchmarks/run compare", machine, Map.of(), Map.of(),
                List.of(
                    new ModelComparison("a model", ModelShape.TINY_LLAMA, List.of(figures)))))
        .document();
  }
}
