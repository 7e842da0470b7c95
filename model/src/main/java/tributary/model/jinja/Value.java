package tributary.model.jinja;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an expression can be. Closed and, but for {@link Namespace}, immutable. */
sealed interface Value {
  /** A name or attribute that is not there: prints as nothing, and anything asked of it fails. */
  record Undefined(String name) implements Value {}

  record None() implements Value {}

  record Bool(boolean value) implements Value {}

  record Int(long value) implements Value {}

  record Real(double value) implements Value {}

  record Text(String value) implements Value {}

  /** A list or a tuple. */
  record Items(List<Value> values) implements Value {}

  /** Keys are texts, integers or booleans. */
  record Dict(Map<Value, Value> entries) implements Value {
    /** A dictionary of text keys. */
    static Dict of(Map<String, ? extends Value> entries) {
      Map<Value, Value> copy = new LinkedHashMap<>();
      entries.forEach((key, value) -> copy.put(new Text(key), value));
      return new Dict(Collections.unmodifiableMap(copy));
    }
  }

  /** The one thing that {@code set} can change from inside a loop. */
  final class Namespace implements Value {
    final Map<String, Value> fields = new LinkedHashMap<>();
  }

  /** A function or macro of this name. */
  record Callable(String name, Body body) implements Value {
    /** What it does. */
    interface Body {
      Value call(Arguments arguments);
    }
  }

  static Value none() {
    return new None();
  }

  static Value of(boolean value) {
    return new Bool(value);
  }

  static Value of(String value) {
    return new Text(value);
  }

  static Value of(long value) {
    return new Int(value);
  }

  /** The kind, as messages call it. */
  default String kind() {
    return switch (this) {
      case Undefined(var name) -> "undefined '" + name + "'";
      case None _ -> "none";
      case Bool _ -> "a boolean";
      case Int _ -> "an integer";
      case Real _ -> "a float";
      case Text _ -> "a string";
      case Items _ -> "a list";
      case Dict _ -> "a dict";
      case Namespace _ -> "a namespace";
      case Callable(var name, _) -> "the function " + name;
    };
  }

  default boolean truth() {
    return switch (this) {
      case Undefined _, None _ -> false;
      case Bool(var value) -> value;
      case Int(var value) -> value != 0;
      case Real(var value) -> value != 0;
      case Text(var value) -> !value.isEmpty();
      case Items(var values) -> !values.isEmpty();
      case Dict(var entries) -> !entries.isEmpty();
      case Namespace _, Callable _ -> true;
    };
  }
}
