package tributary.model.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

class TemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-06T05:04:03Z"), ZoneOffset.UTC);

  private static String render(String source) {
    Map<String, Object> person = new LinkedHashMap<>();
    person.put("name", "Ada");
    person.put("tags", List.of("x", "y"));
    Map<String, Object> variables = new HashMap<>();
    variables.put("text", "  Hello World  ");
    variables.put("numbers", Arrays.asList(3, 1, 2));
    variables.put("person", person);
    variables.put("nothing", null);
    variables.put("yes", true);
    return Template.compile(source, CLOCK).render(variables);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "{{ 1 + 2 * 3 }}@7",
        "{{ (1 + 2) * 3 }}@9",
        "{{ 7 // 2 }},{{ -7 // 2 }},{{ -7 % 3 }},{{ 1 / 2 }}@3,-4,2,0.5",
        "{{ 'a' ~ 1 ~ true ~ none }}@a1TrueNone",
        "{{ 'a' + 'b' * 3 }}@abbb",
        "{{ [1, 'it', \"it's\"] }}@[1, 'it', \"it's\"]",
        "{{ {'a': 1, 'b': [true]} }}@{'a': 1, 'b': [True]}",
        "{{ 1 < 2 < 3 }},{{ 1 < 3 < 2 }}@True,False",
        "{{ 'x' if yes else 'y' }}{{ 'x' if not yes }}@x",
        "{{ missing or 'd' }}{{ 1 and 'y' }}{{ '' or 0 }}@dy0",
        "{{ not missing is defined }}@True",
        "{{ nothing is none }}{{ nothing is defined }}@TrueTrue",
        "{{ 'ell' in text }}{{ 'z' not in text }}{{ 'name' in person }}@TrueTrueTrue",
        "{{ 2 in numbers }}{{ 5 in numbers }}@TrueFalse",
        "{{ numbers[0] }}{{ numbers[-1] }}{{ numbers[9] }}@32",
        "{{ numbers[1:] }}{{ numbers[::-1] }}{{ numbers[:-1] }}@[1, 2][2, 1, 3][3, 1]",
        "{{ 'abc'[::-1] }}{{ 'abc'[1] }}{{ 'abcdef'[1:5:2] }}@cbabbd",
        "{{ person.name }}{{ person['name'] }}{{ person.tags[1] }}@AdaAday",
        "{{ person.missing }}@``",
        "{{ text.strip().upper() }}@HELLO WORLD",
        "{{ 'xxaxx'.strip('x') }}{{ 'xa'.lstrip('x') }}{{ 'ax'.rstrip('x') }}@aaa",
        "{{ 'a,b,c'.split(',') }}@['a', 'b', 'c']",
        "{{ 'a,b,c'.split(',', 1)[-1] }}{{ 'a,b,c'.rsplit(',', 1)[0] }}@b,ca,b",
        "{{ ' a  b '.split() }}@['a', 'b']",
        "{{ 'abc'.startswith('ab') }}{{ 'abc'.endswith(('x', 'bc')) }}@TrueTrue",
        "{{ 'aXbX'.replace('X', '-') }}{{ 'aXbX'.replace('X', '-', 1) }}@a-b-a-bX",
        "{{ 'hello world'.title() }}{{ 'hELLO'.capitalize() }}@Hello WorldHello",
        "{{ '-'.join(['a', 'b']) }}@a-b",
        "{{ 'a-b-a'.count('a') }}{{ 'abc'.find('c') }}@22",
        "{{ person.items() | list | length }}@2",
        "{{ person.get('zip', 'none') }}{{ person.get('zip') }}@noneNone",
        "{{ text | trim | lower }}@hello world",
        "{{ numbers | sort }}{{ numbers | sort(reverse=true) }}@[1, 2, 3][3, 2, 1]",
        "{{ numbers | join(', ') }}{{ numbers | length }}@3, 1, 23",
        "{{ numbers | first }}{{ numbers | last }}{{ numbers | max }}{{ numbers | sum }}@3236",
        "{{ missing | default('d') }}{{ '' | default('d', true) }}@dd",
        "{{ [person] | map(attribute='name') | join }}@Ada",
        "{{ ['a', 'b'] | map('upper') | list }}@['A', 'B']",
        "{{ [person] | selectattr('name', 'equalto', 'Ada') | list | length }}@1",
        "{{ [person] | rejectattr('name', 'equalto', 'Ada') | list | length }}@0",
        "{{ [0, 1, 2] | select | list }}{{ [1, 2] | reject('odd') | list }}@[1, 2][2]",
        "{{ ['a', 'b', 'a'] | unique | list }}@['a', 'b']",
        "{{ '42' | int + 1 }}{{ 'x' | int }}{{ 2.5 | round }}@4302.0",
        "{{ {'b': 1, 'a': 2} | dictsort }}@[['a', 2], ['b', 1]]",
        "{{ '<a & b>' | e }}@&lt;a &amp; b&gt;",
        "{{ person | tojson }}@{\"name\": \"Ada\", \"tags\": [\"x\", \"y\"]}",
        "{{ [none, true, 1.5, 'é\\n'] | tojson }}@[null, true, 1.5, \"é\\n\"]",
        "{{ 1 is odd }}{{ 4 is divisibleby 2 }}{{ 'a' is string }}{{ [] is iterable }}@"
            + "TrueTrueTrueTrue",
        "{{ person is mapping }}{{ 1 is not number }}{{ yes is true }}@TrueFalseTrue",
        "{{ range(3) | list }}{{ range(5, 1, -2) | list }}@[0, 1, 2][5, 3]",
        "{{ strftime_now('%d %b %Y, %-d.%m. %H:%M %A') }}@06 Jul 2024, 6.07. 05:04 Saturday",
        "{{ 'a' 'b' }}{{ \"\\u00e9\" }}{{ 'it\\'s' }}@abéit's",
        "{{ '{{' }}{{ '%}' }}@{{%}",
        "{{ dict(a=1).a }}@1",
        "{{ -numbers[0] }}{{ - 2 | abs }}@-32",
      })
  void an_expression_is_what_jinja_makes_of_it(String source, String wanted) {
    assertThat(render(source)).isEqualTo(wanted);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "{% for n in numbers %}{{ loop.index }}{{ loop.last }} {% endfor %}@"
            + "`1False 2False 3True `",
        "{% for n in numbers if n > 1 %}{{ loop.index }}:{{ n }} {% endfor %}@`1:3 2:2 `",
        "{% for n in [] %}x{% else %}none{% endfor %}@none",
        "{% for n in numbers %}{% if n == 1 %}{% continue %}{% endif %}{{ n }}{% endfor %}@32",
        "{% for n in numbers %}{% if n == 2 %}{% break %}{% endif %}{{ n }}{% endfor %}@31",
        "{% for k, v in person.items() %}{{ k }};{% endfor %}@name;tags;",
        "{% for n in numbers %}{{ loop.previtem }}<{{ loop.nextitem }} {% endfor %}@"
            + "`<1 3<2 1< `",
        "{% for n in numbers %}{{ loop.cycle('a', 'b') }}{% endfor %}@aba",
        "{% set x = 1 %}{% for n in numbers %}{% set x = 5 %}{% endfor %}{{ x }}@1",
        "{% set ns = namespace(x=1) %}{% for n in numbers %}{% set ns.x = n %}{% endfor %}{{ ns.x"
            + " }}@2",
        "{% set a, b = 1, 2 %}{{ b }}{{ a }}@21",
        "{% set x %}a{{ 1 }}{% endset %}{{ x }}@a1",
        "{% if false %}a{% elif yes %}b{% else %}c{% endif %}@b",
        "{% macro f(a, b=2) %}<{{ a }}{{ b }}>{% endmacro %}{{ f(1) }}{{ f(1, b=3) }}@<12><13>",
        "{% filter upper %}abc{% endfilter %}@ABC",
        "{% generation %}x{% endgeneration %}@x",
        "{% raw %}{{ x }}{% endraw %}@{{ x }}",
        "a{# b #}c@ac",
      })
  void a_statement_does_what_jinja_does(String source, String wanted) {
    assertThat(render(source)).isEqualTo(wanted);
  }

  @Test
  void whitespace_goes_as_with_trim_blocks_and_lstrip_blocks() {
    assertThat(render("a\n  {% if yes %}\n  b\n  {% endif %}\nc\n")).isEqualTo("a\n  b\nc");
    assertThat(render("a \n {%- if yes -%} \n b \n {%- endif -%} \n c")).isEqualTo("abc");
    assertThat(render("a {{- 'x' -}} b")).isEqualTo("axb");
    assertThat(render("  {%+ if yes +%}\nb{% endif %}")).isEqualTo("  \nb");
    assertThat(render("x {% if yes %}y{% endif %}")).isEqualTo("x y");
    assertThat(render("a\r\n{# c #}\r\nb")).isEqualTo("a\nb");
    assertThat(render("a {%- raw -%} {{x}} {%- endraw -%} b")).isEqualTo("a{{x}}b");
    assertThat(render("a\n {% raw %}\n{{x}}\n {% endraw %}\n b")).isEqualTo("a\n\n{{x}}\n b");
    assertThat(render("{{ 'a' }}\n{{ 'b' }}\n\n")).isEqualTo("a\nb\n");
  }

  @Test
  void json_is_indented_as_python_does() {
    assertThat(render("{{ {'a': [1], 'b': {}} | tojson(indent=2) }}"))
        .isEqualTo("{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "{% for i in range(100000000) %}{% endfor %}",
        "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
        "{% set n = namespace(x='aaaaaaaa') %}{% for i in range(99) %}"
            + "{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{% for i in range(1000) %}{{ 'a' * 100000 }}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}{{ f(n + 1) ~ f(n + 2) }}{% endmacro %}{{ f(0) }}",
        "{% set n = namespace(x=[]) %}{% for i in range(5000) %}{% set n.x = [n.x] %}{% endfor %}"
            + "{{ n.x }}",
        "{% set n = namespace(x=[], y=[]) %}{% for i in range(5000) %}{% set n.x = [n.x] %}"
            + "{% set n.y = [n.y] %}{% endfor %}{{ n.x == n.y }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}"
            + "{% endfor %}",
        "{{ ('a' * 1000000).replace('a', 'b' * 1000) }}",
        "{{ ['a' * 1000] * 3 }}",
        "{{ range(9223372036854775806, 9223372036854775807, 9) | list }}{{ 9223372036854775807 + 1"
            + " }}",
        "{{ (range(3000) | list) | unique | list }}",
        "{% for i in range(2000) %}{{ ('a,' * 10000).split(',') | length }}{% endfor %}",
      })
  void a_template_that_wants_too_much_is_stopped(String source) {
    assertThatThrownBy(() -> render(source))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.CHAT_TEMPLATE));
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "{{ ''.getClass().forName('java.lang.Runtime') }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ person.getClass() }}",
        "{{ range.__globals__['os'] }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__ }}",
        "{% include 'secret' %}",
        "{% import 'os' as os %}",
        "{% extends 'base' %}",
        "{{ ().__class__.__bases__[0] }}",
        "{{ numbers.append(4) }}",
        "{{ '%s' % person }}",
        "{{ text|attr('x') }}",
        "{{ missing.name }}",
        "{{ missing() }}",
        "{{ 1 + 'a' }}",
        "{{ 1 / 0 }}",
        "{{ 1 // 0 }}",
        "{{ raise_exception('no') }}",
      })
  void nothing_outside_the_data_can_be_reached(String source) {
    assertThatThrownBy(() -> render(source))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.CHAT_TEMPLATE));
  }

  @Test
  void attributes_of_java_are_not_there() {
    assertThat(render("{{ text.class }}{{ text.bytes }}{{ numbers.size }}{{ person.entrySet }}"))
        .isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "{{ 1",
        "{% if %}",
        "{% if x %}",
        "{% endif %}",
        "{{ }}",
        "{{ 'a }}",
        "{% for x %}",
        "{{ a b }}",
        "{% set %}",
        "{{ [1, }}",
        "{{ {1} }}",
        "{{ x[ }}",
        "{{ x. }}",
        "{% break %}",
        "{% raw %}",
        "{{ 1 | nope }}",
        "{{ 1 is nope }}",
        "{% nope %}",
        "{# ",
        "{{ $ }}",
        "{{ 99999999999999999999 }}",
        "{% if a %}{% else x %}{% endif %}",
        "{% macro f( %}",
        "{{ f(a=1, 2) }}",
        "{{ '\\u12' }}",
        "{%",
        "{{",
        "{% 1 %}",
        "{% set x.y %}",
      })
  void what_is_not_jinja_is_refused_with_its_line(String source) {
    assertThatThrownBy(() -> render("\n" + source))
        .isInstanceOf(TributaryException.class)
        .hasMessageStartingWith("chat_template: ")
        .hasMessageContaining("line 2");
  }

  @Test
  void deep_nesting_is_refused_before_the_stack_ends() {
    List<String> sources =
        List.of(
            "{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}",
            "{{ " + "[".repeat(50_000) + "]".repeat(50_000) + " }}",
            "{{ 1" + " + 1".repeat(50_000) + " }}",
            "{{ 'a'" + " | upper".repeat(20_000) + " }}",
            "{{ x" + ".a".repeat(50_000) + " }}",
            "{{ x" + "[0]".repeat(50_000) + " }}",
            "{{ " + "not ".repeat(50_000) + "a.b.c }}",
            "{{ " + "-".repeat(50_000) + "1 }}",
            "{{ 1" + " if 1 else 1".repeat(20_000) + " }}",
            "{{ 1" + " if 1".repeat(20_000) + " }}",
            "{% if 1 %}".repeat(5_000) + "{% endif %}".repeat(5_000),
            "{% for x in y %}".repeat(5_000),
            "{% macro f() %}"
                + "{% if true %}".repeat(35)
                + "{{ "
                + "(1 + ".repeat(55)
                + "f()"
                + ")".repeat(55)
                + " }}"
                + "{% endif %}".repeat(35)
                + "{% endmacro %}{{ f() }}");
    for (String source : sources) {
      assertThatThrownBy(() -> render(source))
          .describedAs(source.substring(0, 20))
          .isInstanceOf(TributaryException.class);
    }
  }

  @Test
  void a_source_that_is_too_long_is_refused() {
    assertThatThrownBy(() -> render("x".repeat(Template.SOURCE_MAX + 1)))
        .hasMessageContaining("at most");
  }

  @Test
  void random_cuts_of_templates_never_fail_otherwise() {
    String whole =
        "{%- set ns = namespace(a='') %}{% for n in numbers[::-1] if n is odd %}{{ n|join(',') }}"
            + "{% elif %}{% macro f(x=1) %}{{ x ~ \"é\\n\" }}{% endmacro %}{{ f(x=[1,{'a':2}]) }}";
    var random = new java.util.SplittableRandom(7);
    for (int i = 0; i < 3000; i++) {
      int from = random.nextInt(whole.length());
      int to = random.nextInt(from, whole.length() + 1);
      String source =
          whole.substring(0, random.nextInt(whole.length())) + whole.substring(from, to);
      try {
        assertThat(render(source)).isNotNull();
      } catch (TributaryException refused) {
        assertThat(refused.code()).isEqualTo(ErrorCode.CHAT_TEMPLATE);
      }
    }
  }
}
