package tributary.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tributary.benchmarks.engines.TaskResult;
import tributary.benchmarks.engines.Work;
import tributary.benchmarks.weights.ModelShape;

class ComparisonMarkdownTest {
  private static final List<Integer> PROMPT = List.of(1, 2);
  private static final Work ONE = new Work.Decode(1, 32);

  @Test
  void a_row_gives_the_median_round_the_ratio_and_the_agreement() {
    Figures reference =
        Figures.none("llama.cpp-java", ONE).with(result(10, 5, 6, 7)).with(result(30, 5, 6, 7))
            .with(result(20, 5, 6, 7));
    Figures ours = Figures.none("tributary", ONE).with(result(50, 5, 6, 8));

    String document = document(ours, reference);

    assertThat(document)
        .contains("### Decode\n")
        .containsPattern("\\| tributary +\\| 1 +\\| 50\\.0 +.*\\| - +\\| 2 of 3 ")
        .containsPattern(
            "\\| llama\\.cpp-java +\\| 1 +\\| 20\\.0 +\\| 10\\.0 to 30\\.0 .*2\\.50 x as fast")
        .doesNotContain("fine-tunes at once")
        .doesNotContain("### Prefill");
  }

  @Test
  void one_sequence_is_held_against_the_fastest_that_memory_was_read_and_a_batch_is_not() {
    // 10 steps a second of 2.069 GB, and the machine reads 40 GB/s at best.
    Figures one = Figures.none("tributary", ONE).with(result(10));
    Figures batch = Figures.none("tributary", new Work.Decode(8, 32)).with(result(80));

    assertThat(document(one, batch))
        .contains("read at 40.0 GB/s, the best of 30.0, 40.0")
        .containsPattern("\\| tributary +\\| 1 .* 20\\.7 +\\| 52% ")
        .containsPattern("\\| tributary +\\| 8 .* 20\\.7 +\\| - ");
  }

  @Test
  void adapters_are_held_against_both_kinds_of_ours() {
    Work lora = new Work.LoraAdapters(8, 32);
    Figures signs = Figures.none("tributary", new Work.OneBitDeltas(8, 32)).with(result(40));
    Figures ours = Figures.none("tributary", lora).with(result(30, 5, 6));
    Figures theirs = Figures.none("llama.cpp-java", lora).with(result(10, 5, 6));

    assertThat(document(signs, ours, theirs))
        .contains("### 8 fine-tunes at once\n")
        .containsPattern(
            "\\| tributary +\\| 8 one-bit deltas +\\| 40\\.0 .*\\| 200 +\\| - +\\| - ")
        .containsPattern("\\| tributary +\\| 8 LoRA adapters +\\| 30\\.0 .*\\| 2 of 2 ")
        .containsPattern(
            "\\| llama\\.cpp-java +\\| 8 LoRA adapters .*\\| 800 +\\| 4\\.00 x .*\\| 3\\.00 x ");
  }

  @Test
  void a_prompt_is_given_as_the_time_to_its_first_token() {
    Work prompt = new Work.Prefill(512);
    Figures ours = Figures.none("tributary", prompt).with(result(128, 5));
    Figures theirs = Figures.none("llama.cpp-java", prompt).with(result(256, 5));

    assertThat(document(ours, theirs))
        .contains("### Prefill: a prompt of 512 tokens\n")
        .containsPattern("\\| tributary +\\| 512 +\\| 128 .*\\| 4000 +\\| - +\\| 1 of 1 ")
        .containsPattern("\\| llama\\.cpp-java +\\| 512 +\\| 256 .*\\| 2000 +\\| 0\\.50 x as fast");
  }

  @Test
  void a_failed_engine_is_a_row_and_a_reason() {
    String document =
        document(Figures.none("tributary", new Work.Decode(8, 32)).withFailure("not there yet"));

    assertThat(document)
        .containsPattern("\\| tributary +\\| 8 +\\| failed ")
        .contains("tributary, batch 8, failed: not there yet");
  }

  @Test
  void engines_that_tokenized_the_prompt_differently_are_not_compared() {
    Figures reference = Figures.none("llama.cpp-java", ONE).with(result(10, 5));
    Figures other =
        Figures.none("jlama-native", ONE)
            .with(
                new TaskResult(
                    List.of(10.0), List.of(9), List.of(List.of(5)), List.of()));

    assertThat(document(reference, other)).contains("other prompt tokens");
  }

  private static TaskResult result(double tokensPerSecond, Integer... tokens) {
    return new TaskResult(
        List.of(tokensPerSecond), PROMPT, List.of(List.of(tokens)), List.of());
  }

  private static String document(Figures... figures) {
    Machine machine =
        new Machine("a processor", 2, 24, List.of(30.0, 40.0), "a system", "a JDK");
    return new ComparisonMarkdown(
            new ComparisonReport(
                "2026-01-01T00:00:00Z", "benchmarks/run compare", machine, Map.of(), Map.of(),
                List.of(
                    new ModelComparison("a model", ModelShape.TINY_LLAMA, List.of(figures)))))
        .document();
  }
}
