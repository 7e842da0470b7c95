package tributary.model.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import tributary.protocol.OutputForm;
import tributary.protocol.ToolCallText;

class ToolCallFormTest {
  private static final OutputForm.Tool ADD =
      new OutputForm.Tool(
          "add",
          "",
          "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]}");
  private static final OutputForm.Tool NOW =
      new OutputForm.Tool(
          "now",
          "",
          "{\"type\":\"object\",\"properties\":{}, " + "\"additionalProperties\":false}");
  private static final String CALL = call("add", "{\"a\":1}");

  @Test
  void calls_have_one_form_to_the_byte() {
    var writer = new Writer(new OutputForm.ToolCalls(List.of(ADD, NOW), false, 2));
    assertThat(writer.takes(CALL)).isTrue();
    assertThat(writer.takes(CALL + "\n" + call("now", "{}"))).isTrue();
    assertThat(writer.takes(CALL + "\n" + CALL + "\n" + CALL)).isFalse();
    assertThat(writer.takes(call("now", "{\"a\":1}"))).isFalse();
    assertThat(writer.takes(call("other", "{}"))).isFalse();
    assertThat(writer.takes("Well, " + CALL)).isFalse();
    assertThat(writer.takes("")).isFalse();
  }

  @Test
  void where_text_is_allowed_it_may_stand_alone_or_in_front() {
    var writer = new Writer(new OutputForm.ToolCalls(List.of(ADD), true, 1));
    for (String text : List.of("", "Hello", "a < b, <tool <tool_call", "<<tool_call", "1<2é")) {
      assertThat(writer.takes(text)).as(text).isTrue();
    }
    for (String text : List.of("", "One moment.\n", "<", "<<tool_")) {
      assertThat(writer.takes(text + CALL)).as(text).isTrue();
    }
    assertThat(writer.takes("<tool_call>")).isFalse();
    assertThat(writer.takes("<tool_call> hm")).isFalse();
    assertThat(writer.takes(CALL + "and text")).isFalse();
  }

  @Test
  void every_text_that_must_be_a_call_is_one() {
    var writer = new Writer(new OutputForm.ToolCalls(List.of(ADD, NOW), false, 1));
    for (long seed = 0; seed < 100; seed++) {
      String text = writer.write(seed, 2000).orElseThrow();
      assertThat(text).matches("(?s)<tool_call>\n\\{\"name\": \"(add|now)\", .*}\n</tool_call>");
    }
  }

  @Test
  void a_regular_expression_and_a_list_of_texts_are_forms_too() {
    var code = new Writer(new OutputForm.Regex("[a-c]{2}|[0-9]+é"));
    assertThat(code.takes("ab")).isTrue();
    assertThat(code.takes("12é")).isTrue();
    assertThat(code.takes("abc")).isFalse();
    var answers = new Writer(new OutputForm.OneOf(List.of("yes", "yesterday", "no")));
    assertThat(answers.takes("yes")).isTrue();
    assertThat(answers.takes("yesterday")).isTrue();
    assertThat(answers.takes("yester")).isFalse();
  }

  @Test
  void an_expression_that_would_ruin_a_backtracking_matcher_is_read_like_any_other() {
    var writer = new Writer(new OutputForm.Regex("(a+)+b|(a|a)*c|(a?){30}a{30}"));
    assertThat(writer.takes("a".repeat(5000) + "b")).isTrue();
    assertThat(writer.takes("a".repeat(5000) + "d")).isFalse();
    assertThat(writer.takes("a".repeat(30))).isTrue();
  }

  @Test
  void an_expression_with_too_many_readings_is_refused_and_not_worked_out() {
    var form = new OutputForm.Regex("(.{1,900}){1,900}(.{0,900}x){2,900}y");
    assertThatThrownBy(
            () -> {
              var writer = new Writer(form);
              writer.takes("x".repeat(2000));
            })
        .hasMessageStartingWith("unsupported_schema")
        .hasMessageContaining("too many ways");
  }

  @Test
  void a_tool_with_a_strange_name_is_refused() {
    var tool = new OutputForm.Tool("a\"b", "", "{}");
    assertThatThrownBy(() -> new Writer(new OutputForm.ToolCalls(List.of(tool), false, 1)))
        .hasMessageContaining("a tool is called");
  }

  private static String call(String name, String arguments) {
    return ToolCallText.OPEN + name + ToolCallText.ARGUMENTS + arguments + ToolCallText.CLOSE;
  }
}
