package tributary.benchmarks.engines;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TaskResultTest {
  private static final List<Integer> BASE = List.of(1, 2);

  @Test
  void adapters_that_each_change_what_is_decoded_are_accepted() {
    TaskResult result = fineTunes(List.of(List.of(1, 3), List.of(4, 2)));
    assertThatCode(() -> result.requireDistinct("engine", 2))
        .doesNotThrowAnyException();
  }

  @Test
  void an_adapter_that_decodes_what_the_base_does_is_refused() {
    assertThatThrownBy(() -> fineTunes(List.of(List.of(1, 3), BASE)).requireDistinct("engine", 2))
        .isInstanceOf(EngineFailure.class)
        .hasMessageContaining("engine: adapter 2 of 2 decodes what the base");
  }

  @Test
  void one_adapter_for_all_is_refused() {
    assertThatThrownBy(
            () -> fineTunes(List.of(List.of(1, 3), List.of(1, 3))).requireDistinct("engine", 2))
        .hasMessageContaining("adapter 2 of 2");
  }

  @Test
  void an_engine_that_does_not_show_what_it_decoded_is_refused() {
    assertThatThrownBy(() -> fineTunes(List.of(List.of(1, 3))).requireDistinct("engine", 2))
        .hasMessageContaining("tokens of 1 fine-tunes and 2 tokens of the base, wanted 2");
    assertThatThrownBy(
            () ->
                TaskResult.ofBase(List.of(1.0), List.of(), List.of(List.of(1)))
                    .requireDistinct("engine", 1))
        .hasMessageContaining("0 tokens of the base");
  }

  @Test
  void a_prompt_of_another_length_is_refused() {
    TaskResult result = TaskResult.ofBase(List.of(1.0), List.of(1, 2, 3), List.of());
    assertThatCode(() -> result.requirePromptOf("engine", 3)).doesNotThrowAnyException();
    assertThatThrownBy(() -> result.requirePromptOf("engine", 512))
        .isInstanceOf(EngineFailure.class)
        .hasMessageContaining("the prompt is 3 tokens, wanted 512");
  }

  private static TaskResult fineTunes(List<List<Integer>> decoded) {
    return new TaskResult(List.of(1.0), List.of(), decoded, BASE);
  }
}
