package tributary.model.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.BiPredicate;
import java.util.function.IntPredicate;

/** The methods of Python's strings that templates call. */
final class TextMethods {
  private final Budget budget;
  private final Sequences sequences;

  TextMethods(Budget budget) {
    this.budget = budget;
    sequences = new Sequences(budget);
  }

  Value call(String text, Arguments arguments) {
    budget.textOf(text.length());
    return switch (arguments.callee()) {
      case "strip" -> stripped(text, arguments, true, true);
      case "lstrip" -> stripped(text, arguments, true, false);
      case "rstrip" -> stripped(text, arguments, false, true);
      case "upper" -> made(text.toUpperCase(Locale.ROOT));
      case "lower" -> made(text.toLowerCase(Locale.ROOT));
      case "title" -> made(titled(text));
      case "capitalize" -> made(capitalized(text));
      case "startswith" -> Value.of(matches(text, arguments, String::startsWith));
      case "endswith" -> Value.of(matches(text, arguments, String::endsWith));
      case "replace" -> replaced(text, arguments);
      case "removeprefix" -> made(withoutPrefix(text, arguments.text(0, "a prefix")));
      case "removesuffix" -> made(withoutSuffix(text, arguments.text(0, "a suffix")));
      case "split" -> split(text, arguments);
      case "rsplit" -> splitFromRight(text, arguments);
      case "splitlines" -> new Value.Items(text.lines().map(Value::of).toList());
      case "join" -> joined(text, arguments);
      case "find" -> Value.of(text.indexOf(arguments.text(0, "a part")));
      case "rfind" -> Value.of(text.lastIndexOf(arguments.text(0, "a part")));
      case "count" -> Value.of(occurrences(text, arguments.text(0, "a part")));
      case "isdigit" -> Value.of(!text.isEmpty() && all(text, Character::isDigit));
      case "isalpha" -> Value.of(!text.isEmpty() && all(text, Character::isLetter));
      case "isspace" -> Value.of(!text.isEmpty() && all(text, Character::isWhitespace));
      case "isupper" -> Value.of(isUpper(text));
      case "islower" -> Value.of(isLower(text));
      default ->
          throw new TemplateFault(
              "calls %s of a string, which is not supported".formatted(arguments.callee()));
    };
  }

  static boolean isUpper(String text) {
    return text.equals(text.toUpperCase(Locale.ROOT)) && text.chars().anyMatch(Character::isLetter);
  }

  static boolean isLower(String text) {
    return text.equals(text.toLowerCase(Locale.ROOT)) && text.chars().anyMatch(Character::isLetter);
  }

  private Value made(String text) {
    return Value.of(budget.text(text));
  }

  private static boolean all(String text, IntPredicate condition) {
    return text.codePoints().allMatch(condition);
  }

  private static Value stripped(String text, Arguments arguments, boolean left, boolean right) {
    Optional<Value> set =
        arguments.atMost(1).find(0, "chars").filter(value -> !(value instanceof Value.None));
    IntPredicate goes =
        set.isEmpty()
            ? c -> Character.isWhitespace(c) || Character.isSpaceChar(c)
            : c -> arguments.text(0, "chars").indexOf(c) >= 0;
    int start = 0;
    int end = text.length();
    while (left && start < end && goes.test(text.charAt(start))) {
      start++;
    }
    while (right && end > start && goes.test(text.charAt(end - 1))) {
      end--;
    }
    return Value.of(text.substring(start, end));
  }

  private static String titled(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(inWord ? Character.toLowerCase(c) : Character.toUpperCase(c));
      inWord = Character.isLetter(c);
    }
    return out.toString();
  }

  private static String capitalized(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  /** Whether the text starts or ends with the argument, or with any of a tuple of them. */
  private static boolean matches(
      String text, Arguments arguments, BiPredicate<String, String> relation) {
    if (arguments.get(0, "a part") instanceof Value.Items(var parts)) {
      return parts.stream()
          .anyMatch(part -> part instanceof Value.Text(var one) && relation.test(text, one));
    }
    return relation.test(text, arguments.text(0, "a part"));
  }

  private Value replaced(String text, Arguments arguments) {
    String old = arguments.text(0, "old");
    String young = arguments.text(1, "new");
    long limit = arguments.findInteger(2, "count").orElse(-1L);
    long found = old.isEmpty() ? text.length() + 1L : occurrences(text, old);
    long count = limit < 0 ? found : Math.min(limit, found);
    budget.textOf(text.length() + count * young.length());
    if (old.isEmpty()) {
      throw new TemplateFault("replaces the empty string");
    }
    StringBuilder out = new StringBuilder();
    int at = 0;
    for (long i = 0; i < count; i++) {
      int next = text.indexOf(old, at);
      out.append(text, at, next).append(young);
      at = next + old.length();
    }
    return Value.of(out.append(text, at, text.length()).toString());
  }

  private static String withoutPrefix(String text, String prefix) {
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  private static String withoutSuffix(String text, String suffix) {
    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
  }

  private Value split(String text, Arguments arguments) {
    long limit = arguments.findInteger(1, "maxsplit").orElse(-1L);
    Optional<String> separator = separator(arguments);
    if (separator.isEmpty()) {
      String words = text.strip();
      return words.isEmpty()
          ? new Value.Items(List.of())
          : parts(
              words.split("\\s+", limit < 0 ? 0 : (int) Math.min(limit + 1, Integer.MAX_VALUE)));
    }
    List<Value> parts = new ArrayList<>();
    int at = 0;
    int next = text.indexOf(separator.get());
    while (next >= 0 && (limit < 0 || parts.size() < limit)) {
      parts.add(Value.of(text.substring(at, next)));
      at = next + separator.get().length();
      next = text.indexOf(separator.get(), at);
    }
    parts.add(Value.of(text.substring(at)));
    budget.elements(parts.size());
    return new Value.Items(parts);
  }

  private Value splitFromRight(String text, Arguments arguments) {
    long limit = arguments.findInteger(1, "maxsplit").orElse(-1L);
    Optional<String> separator = separator(arguments);
    if (separator.isEmpty() || limit < 0) {
      return split(text, arguments);
    }
    List<Value> parts = new ArrayList<>();
    int end = text.length();
    int last = text.lastIndexOf(separator.get());
    while (last >= 0 && parts.size() < limit) {
      parts.add(Value.of(text.substring(last + separator.get().length(), end)));
      end = last;
      last = last == 0 ? -1 : text.lastIndexOf(separator.get(), last - 1);
    }
    parts.add(Value.of(text.substring(0, end)));
    budget.elements(parts.size());
    return new Value.Items(List.copyOf(parts.reversed()));
  }

  private static Optional<String> separator(Arguments arguments) {
    Optional<String> separator =
        arguments
            .find(0, "sep")
            .filter(value -> !(value instanceof Value.None))
            .map(_ -> arguments.text(0, "sep"));
    if (separator.isPresent() && separator.get().isEmpty()) {
      throw new TemplateFault("splits at the empty string");
    }
    return separator;
  }

  private Value parts(String[] words) {
    budget.elements(words.length);
    List<Value> parts = new ArrayList<>(words.length);
    for (String word : words) {
      parts.add(Value.of(word));
    }
    return new Value.Items(parts);
  }

  private Value joined(String separator, Arguments arguments) {
    StringJoiner joiner = new StringJoiner(separator);
    for (Value element : sequences.elements(arguments.get(0, "a list"))) {
      if (!(element instanceof Value.Text(var part))) {
        throw new TemplateFault("joins %s to strings".formatted(element.kind()));
      }
      budget.textOf((long) part.length() + separator.length());
      joiner.add(part);
    }
    return made(joiner.toString());
  }

  private static long occurrences(String text, String part) {
    if (part.isEmpty()) {
      return text.length() + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }
}
