package tributary.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.model.tokenizer.ChatTemplate.Message;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Templates in the forms that popular models use, against the prompts those models were trained on.
 */
class ChatTemplateTest {
  private static final Map<String, String> SPECIAL =
      Map.of("bos_token", "<s>", "eos_token", "</s>");
  private static final Message SYSTEM = new Message("system", " Be brief. ");
  private static final Message HELLO = new Message("user", "Hello");
  private static final Message HI = new Message("assistant", "Hi!");
  private static final Message BYE = new Message("user", " Bye ");

  private static String render(String template, boolean prompt, Message... messages) {
    return ChatTemplate.compile(template, SPECIAL).render(List.of(messages), prompt);
  }

  @Test
  void llama_3() {
    String template =
        """
        {% set loop_messages = messages %}{% for message in loop_messages %}\
        {% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ \
        message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}\
        {% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}\
        {% if add_generation_prompt %}\
        {{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}\
        """;
    assertThat(render(template, true, SYSTEM, HELLO))
        .isEqualTo(
            "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
                + "<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n");
  }

  @Test
  void llama_3_1_with_date_and_absent_tools() {
    String template =
        """
        {{- bos_token }}
        {%- if custom_tools is defined %}
            {%- set tools = custom_tools %}
        {%- endif %}
        {%- if not date_string is defined %}
            {%- if strftime_now is defined %}
                {%- set date_string = strftime_now("%d %b %Y") %}
            {%- else %}
                {%- set date_string = "26 Jul 2024" %}
            {%- endif %}
        {%- endif %}
        {%- if not tools is defined %}
            {%- set tools = none %}
        {%- endif %}
        {%- if messages[0]['role'] == 'system' %}
            {%- set system_message = messages[0]['content']|trim %}
            {%- set messages = messages[1:] %}
        {%- else %}
            {%- set system_message = "" %}
        {%- endif %}
        {{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
        {%- if tools is not none %}
            {{- "Environment: ipython\\n" }}
        {%- endif %}
        {{- system_message }}
        {{- "<|eot_id|>" }}
        {%- for message in messages %}
            {%- if not (message.role == 'ipython' or message.role == 'tool' or \
        'tool_calls' in message) %}
                {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ \
        message['content'] | trim + '<|eot_id|>' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
        {%- endif %}
        """;
    assertThat(render(template, true, SYSTEM, BYE))
        .isEqualTo(
            "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
                + "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n");
  }

  @Test
  void mistral_which_wants_alternating_roles() {
    String template =
        """
        {{ bos_token }}{% for message in messages %}\
        {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}\
        {{ raise_exception('Conversation roles must alternate user/assistant/user/...') }}\
        {% endif %}{% if message['role'] == 'user' %}\
        {{ '[INST] ' + message['content'] + ' [/INST]' }}\
        {% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}\
        {% else %}{{ raise_exception('Only user and assistant roles are supported!') }}\
        {% endif %}{% endfor %}\
        """;
    assertThat(render(template, false, HELLO, HI, BYE))
        .isEqualTo("<s>[INST] Hello [/INST]Hi!</s>[INST]  Bye  [/INST]");
    assertThatThrownBy(() -> render(template, false, HELLO, BYE))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.CHAT_TEMPLATE))
        .hasMessageContaining("Conversation roles must alternate");
  }

  @Test
  void mistral_v3_with_namespace_and_slices() {
    String template =
        """
        {%- if messages[0]["role"] == "system" %}
            {%- set system_message = messages[0]["content"] %}
            {%- set loop_messages = messages[1:] %}
        {%- else %}
            {%- set loop_messages = messages %}
        {%- endif %}
        {%- if not tools is defined %}
            {%- set tools = none %}
        {%- endif %}
        {%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
        {%- set ns = namespace() %}
        {%- set ns.index = 0 %}
        {%- for message in loop_messages %}
            {%- if not (message.role == "tool" or message.role == "tool_results" or \
        (message.tool_calls is defined and message.tool_calls is not none)) %}
                {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
                    {{- raise_exception("roles must alternate") }}
                {%- endif %}
                {%- set ns.index = ns.index + 1 %}
            {%- endif %}
        {%- endfor %}
        {{- bos_token }}
        {%- for message in loop_messages %}
            {%- if message["role"] == "user" %}
                {%- if tools is not none and (message == user_messages[-1]) %}
                    {{- "[AVAILABLE_TOOLS] [" }}
                {%- endif %}
                {%- if loop.last and system_message is defined %}
                    {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
                {%- else %}
                    {{- "[INST] " + message["content"] + "[/INST]" }}
                {%- endif %}
            {%- elif message["role"] == "assistant" %}
                {{- " " + message["content"]|trim + eos_token}}
            {%- endif %}
        {%- endfor %}
        """;
    assertThat(render(template, false, SYSTEM, HELLO, HI, BYE))
        .isEqualTo("<s>[INST] Hello[/INST] Hi!</s>[INST]  Be brief. \n\n Bye [/INST]");
  }

  @Test
  void qwen_2_5() {
    String template =
        """
        {%- if tools %}
            {{- '<|im_start|>system\\n# Tools' }}
        {%- else %}
            {%- if messages[0]['role'] == 'system' %}
                {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
            {%- else %}
                {{- '<|im_start|>system\\nYou are Qwen.<|im_end|>\\n' }}
            {%- endif %}
        {%- endif %}
        {%- for message in messages %}
            {%- if (message.role == "user") or (message.role == "system" and not loop.first) or \
        (message.role == "assistant" and not message.tool_calls) %}
                {{- '<|im_start|>' + message.role + '\\n' + message.content + \
        '<|im_end|>' + '\\n' }}
            {%- elif message.role == "tool" %}
                {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
                    {{- '<|im_start|>user' }}
                {%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\\n' }}
        {%- endif %}
        """;
    assertThat(render(template, true, HELLO, HI))
        .isEqualTo(
            """
            <|im_start|>system
            You are Qwen.<|im_end|>
            <|im_start|>user
            Hello<|im_end|>
            <|im_start|>assistant
            Hi!<|im_end|>
            <|im_start|>assistant
            """);
  }

  @Test
  void qwen_3_which_walks_backwards_and_drops_old_thoughts() {
    String template =
        """
        {%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
        {%- for message in messages[::-1] %}
            {%- set index = (messages|length - 1) - loop.index0 %}
            {%- if ns.multi_step_tool and message.role == "user" and message.content is string and \
        not(message.content.startswith('<tool_response>') and \
        message.content.endswith('</tool_response>')) %}
                {%- set ns.multi_step_tool = false %}
                {%- set ns.last_query_index = index %}
            {%- endif %}
        {%- endfor %}
        {%- for message in messages %}
            {%- if message.content is string %}
                {%- set content = message.content %}
            {%- else %}
                {%- set content = '' %}
            {%- endif %}
            {%- if message.role == "assistant" %}
                {%- set reasoning_content = '' %}
                {%- if '</think>' in content %}
                    {%- set reasoning_content = \
        content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                    {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
                {%- endif %}
                {%- if loop.index0 > ns.last_query_index %}
                    {{- '[' + reasoning_content + ']' }}
                {%- endif %}
                {{- message.role + ':' + content + ';' }}
            {%- else %}
                {{- message.role + ':' + content + ';' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt and enable_thinking is defined and enable_thinking is false %}
            {{- '<think>' }}
        {%- endif %}
        """;
    Message thinking = new Message("assistant", "<think>\nhm\n</think>\n\nYo");
    assertThat(render(template, true, HELLO, thinking, BYE, thinking))
        .isEqualTo("user:Hello;assistant:Yo;user: Bye ;[hm]assistant:Yo;");
  }

  @Test
  void zephyr_and_tiny_llama() {
    String template =
        """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>
        ' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>
        ' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>
        '  + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}\
        """;
    assertThat(render(template, true, SYSTEM, HELLO, HI, BYE))
        .isEqualTo(
            """
            <|system|>
             Be brief. </s>
            <|user|>
            Hello</s>
            <|assistant|>
            Hi!</s>
            <|user|>
             Bye </s>
            <|assistant|>
            """);
  }

  @Test
  void gemma_which_renames_roles() {
    String template =
        """
        {{ bos_token }}{% if messages[0]['role'] == 'system' %}\
        {{ raise_exception('System role not supported') }}{% endif %}\
        {% for message in messages %}{% if (message['role'] == 'assistant') %}\
        {% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}\
        {{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}\
        {% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}\
        """;
    assertThat(render(template, true, HELLO, HI, BYE))
        .isEqualTo(
            """
            <s><start_of_turn>user
            Hello<end_of_turn>
            <start_of_turn>model
            Hi!<end_of_turn>
            <start_of_turn>user
            Bye<end_of_turn>
            <start_of_turn>model
            """);
    assertThatThrownBy(() -> render(template, true, SYSTEM))
        .hasMessageContaining("System role not supported");
  }

  @Test
  void phi_3() {
    String template =
        """
        {% for message in messages %}{% if message['role'] == 'system' and message['content'] %}\
        {{'<|system|>\\n' + message['content'] + '<|end|>\\n'}}\
        {% elif message['role'] == 'user' %}\
        {{'<|user|>\\n' + message['content'] + '<|end|>\\n'}}\
        {% elif message['role'] == 'assistant' %}\
        {{'<|assistant|>\\n' + message['content'] + '<|end|>\\n'}}{% endif %}{% endfor %}\
        {% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}\
        """;
    assertThat(render(template, true, HELLO, HI, BYE))
        .isEqualTo(
            """
            <|user|>
            Hello<|end|>
            <|assistant|>
            Hi!<|end|>
            <|user|>
             Bye <|end|>
            <|assistant|>
            """);
    assertThat(render(template, false, HELLO)).isEqualTo("<|user|>\nHello<|end|>\n</s>");
  }

  @Test
  void falcon_which_joins_turns_with_names() {
    String template =
        """
        {% for message in messages %}{% if not loop.first %}{{ '\\n' }}{% endif %}\
        {% if message['role'] == 'system' %}{{ message['content'] | trim }}\
        {% elif message['role'] == 'user' %}{{ 'User: ' + message['content'] | trim }}\
        {% elif message['role'] == 'assistant' %}{{ 'Falcon: ' + message['content'] }}\
        {% endif %}{% endfor %}{% if add_generation_prompt %}{{ '\\n' + 'Falcon:' }}{% endif %}\
        """;
    assertThat(render(template, true, SYSTEM, HELLO, HI, BYE))
        .isEqualTo("Be brief.\nUser: Hello\nFalcon: Hi!\nUser: Bye\nFalcon:");
  }

  @Test
  void a_name_that_is_not_given_prints_nothing() {
    assertThat(ChatTemplate.compile("{{ bos_token }}x").render(List.of(HELLO), false))
        .isEqualTo("x");
  }

  @Test
  void text_of_users_is_never_read_as_a_template() {
    Message sly = new Message("user", "{{ 1 + 1 }}{% raw %}");
    assertThat(render("{{ messages[0].content }}", false, sly)).isEqualTo("{{ 1 + 1 }}{% raw %}");
  }

  @Test
  void a_checkpoints_template_is_found_in_either_place(@TempDir Path directory) throws Exception {
    assertThat(ChatTemplate.ofCheckpoint(directory)).isEmpty();

    Path config = directory.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"bos_token\": {\"content\": \"<b>\"}, \"eos_token\": null}");
    assertThat(ChatTemplate.ofCheckpoint(directory)).isEmpty();

    Files.writeString(config, "{\"bos_token\": \"<b>\", \"chat_template\": \"{{ bos_token }}1\"}");
    assertThat(ofCheckpoint(directory)).isEqualTo("<b>1");

    Files.writeString(
        config,
        """
        {"bos_token": {"content": "<b>"}, "chat_template": [
          {"name": "tool_use", "template": "no"}, {"name": "default", "template": "2"}]}\
        """);
    assertThat(ofCheckpoint(directory)).isEqualTo("2");

    Files.writeString(directory.resolve("chat_template.jinja"), "{{ bos_token }}3\n");
    assertThat(ofCheckpoint(directory)).isEqualTo("<b>3");
  }

  private static String ofCheckpoint(Path directory) {
    return ChatTemplate.ofCheckpoint(directory).orElseThrow().render(List.of(HELLO), false);
  }
}
