package tributary.model.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The functions that every template can call. */
final class Globals {
  private static final Map<Character, String> DATE_PATTERNS =
      Map.ofEntries(
          Map.entry('Y', "yyyy"),
          Map.entry('y', "yy"),
          Map.entry('m', "MM"),
          Map.entry('d', "dd"),
          Map.entry('e', "d"),
          Map.entry('B', "MMMM"),
          Map.entry('b', "MMM"),
          Map.entry('h', "MMM"),
          Map.entry('A', "EEEE"),
          Map.entry('a', "EEE"),
          Map.entry('H', "HH"),
          Map.entry('I', "hh"),
          Map.entry('M', "mm"),
          Map.entry('S', "ss"),
          Map.entry('p', "a"),
          Map.entry('j', "DDD"),
          Map.entry('Z', "zzz"),
          Map.entry('z', "xx"),
          Map.entry('F', "yyyy-MM-dd"),
          Map.entry('T', "HH:mm:ss"));

  private final Budget budget;
  private final Clock clock;

  Globals(Budget budget, Clock clock) {
    this.budget = budget;
    this.clock = clock;
  }

  void define(Scope scope) {
    define(scope, "range", this::range);
    define(scope, "namespace", Globals::namespace);
    define(scope, "dict", arguments -> Value.Dict.of(arguments.atMost(0).named()));
    define(scope, "strftime_now", this::now);
    define(
        scope,
        "raise_exception",
        arguments -> {
          throw new TemplateFault("refuses: " + arguments.text(0, "a message"));
        });
  }

  private static void define(Scope scope, String name, Value.Callable.Body body) {
    scope.set(name, new Value.Callable(name, body));
  }

  private Value range(Arguments arguments) {
    boolean single = arguments.positional().size() == 1;
    long start = single ? 0 : arguments.integer(0, "start");
    long stop = single ? arguments.integer(0, "stop") : arguments.integer(1, "stop");
    long step = arguments.findInteger(2, "step").orElse(1L);
    if (step == 0) {
      throw new TemplateFault("range by steps of 0");
    }
    List<Value> values = new ArrayList<>();
    for (long i = start; step > 0 ? i < stop : i > stop; ) {
      budget.step();
      values.add(Value.of(i));
      try {
        i = Math.addExact(i, step);
      } catch (ArithmeticException past) {
        break;
      }
    }
    return new Value.Items(values);
  }

  private static Value namespace(Arguments arguments) {
    Value.Namespace namespace = new Value.Namespace();
    arguments
        .find(0, "a dict")
        .ifPresent(start -> {
          if (start instanceof Value.Dict(var entries)) {
            entries.forEach((key, value) -> {
              if (key instanceof Value.Text(var name)) {
                namespace.fields.put(name, value);
              }
            });
          }
        });
    namespace.fields.putAll(arguments.named());
    return namespace;
  }

  private Value now(Arguments arguments) {
    String format = arguments.text(0, "a format");
    budget.textOf(16L * format.length());
    ZonedDateTime now = ZonedDateTime.now(clock);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      boolean unpadded = format.charAt(i + 1) == '-' && i + 2 < format.length();
      i += unpadded ? 2 : 1;
      out.append(formatted(now, format.charAt(i), unpadded));
    }
    return Value.of(out.toString());
  }

  private static String formatted(ZonedDateTime now, char directive, boolean unpadded) {
    if (directive == '%') {
      return "%";
    }
    String pattern = DATE_PATTERNS.get(directive);
    if (pattern == null) {
      throw new TemplateFault(
          "strftime_now: the directive %%%s is not supported".formatted(directive));
    }
    String text = DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(now);
    return unpadded && text.length() > 1 && text.startsWith("0") ? text.substring(1) : text;
  }
}
