package tributary.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;

/**
 * The settings under one key. A key is known when it was asked for, so reading everything tells
 * what else is there by mistake. A bad value becomes a problem and reads as some legal one.
 */
final class Section {
  private final Document document;
  private final String name;
  private final boolean readable;
  private final ConfigObject values;
  private final Set<String> known = new LinkedHashSet<>();
  private boolean sound = true;

  /** Opens the section that {@code value} is; anything but an object is a problem. */
  Section(Document document, String name, @Nullable ConfigValue value) {
    this.document = document;
    this.name = name;
    readable = value instanceof ConfigObject;
    values = value instanceof ConfigObject object ? object : ConfigFactory.empty().root();
    if (!readable) {
      report(ErrorCode.CONFIG, name, found(name, value) + "; it must be a section, { ... }");
    }
  }

  String name() {
    return name;
  }

  String nameOf(String key) {
    return name + "." + key;
  }

  Set<String> known() {
    return known;
  }

  ConfigObject values() {
    return values;
  }

  /** Whether everything read so far was good. */
  boolean isSound() {
    return sound;
  }

  Section section(String key) {
    known.add(key);
    return document.open(nameOf(key), values.get(key));
  }

  List<Section> sections(String key) {
    known.add(key);
    var sections = new ArrayList<Section>();
    if (values.get(key) instanceof ConfigList list) {
      for (int i = 0; i < list.size(); i++) {
        sections.add(document.open(nameOf(key) + "[" + i + "]", list.get(i)));
      }
    } else {
      problem(key, "a list of sections, [ { ... } ]");
    }
    return sections;
  }

  boolean flag(String key) {
    return read(key, "true or false", false, config -> Optional.of(config.getBoolean(key)));
  }

  int whole(String key, int min, int max) {
    String wanted = "a whole number from %d to %d".formatted(min, max);
    return read(
        key,
        wanted,
        min,
        config -> {
          double number = config.getNumber(key).doubleValue();
          boolean legal = number == Math.rint(number) && number >= min && number <= max;
          return legal ? Optional.of((int) number) : Optional.empty();
        });
  }

  Bytes size(String key, Bytes min, Bytes max) {
    String wanted = "a size from %s to %s".formatted(Units.text(min), Units.text(max));
    return read(
        key,
        wanted,
        min,
        config -> {
          BigInteger size = config.getMemorySize(key).toBytesBigInteger();
          boolean legal = size.bitLength() < Long.SIZE;
          return legal ? within(new Bytes(size.longValue()), min, max) : Optional.empty();
        });
  }

  Duration duration(String key, Duration min, Duration max) {
    String wanted = "a duration from %s to %s".formatted(Units.text(min), Units.text(max));
    return read(key, wanted, min, config -> within(config.getDuration(key), min, max));
  }

  String text(String key, String wanted) {
    return read(
        key, wanted, "", config -> Optional.of(config.getString(key)).filter(s -> !s.isBlank()));
  }

  /** A list of texts, or one text with commas between them; a blank one is the empty list. */
  List<String> texts(String key, String wanted, Predicate<String> legal) {
    Function<Config, Optional<List<String>>> parse =
        config -> {
          List<String> texts =
              config.getValue(key).valueType() == ConfigValueType.LIST
                  ? config.getStringList(key)
                  : split(config.getString(key));
          return texts.stream().allMatch(legal) ? Optional.of(texts) : Optional.empty();
        };
    return List.copyOf(read(key, wanted, List.of(), parse));
  }

  <E extends Enum<E>> E choice(String key, Class<E> type) {
    E[] choices = type.getEnumConstants();
    String wanted =
        Arrays.stream(choices).map(Section::spelt).collect(Collectors.joining(", ", "one of ", ""));
    return read(
        key,
        wanted,
        choices[0],
        config -> {
          String found = config.getString(key);
          return Arrays.stream(choices).filter(each -> spelt(each).equals(found)).findFirst();
        });
  }

  DeltaId model(String key) {
    String wanted =
        "a model name: 1 to %d letters, digits, '.', '_' or '-', not starting with '.' or '-'"
            .formatted(DeltaId.LENGTH_MAX);
    return read(
        key,
        wanted,
        new DeltaId("_"),
        config -> Optional.of(config.getString(key)).filter(DeltaId::isLegal).map(DeltaId::new));
  }

  Path file(String key, String wanted) {
    return path(key, wanted, Files::isRegularFile);
  }

  /** A directory that holds a file of the name {@code holding}. */
  Path directory(String key, String wanted, String holding) {
    return path(key, wanted, path -> Files.isRegularFile(path.resolve(holding)));
  }

  /** A file, or a directory that holds a file of the name {@code holding}. */
  Path fileOrDirectory(String key, String wanted, String holding) {
    return path(
        key,
        wanted,
        path -> Files.isRegularFile(path) || Files.isRegularFile(path.resolve(holding)));
  }

  /** A directory that is there or may be made. */
  Path newDirectory(String key) {
    return path(key, "a directory, or a name for one", path -> !Files.isRegularFile(path));
  }

  /** A file, or a name for one. */
  Path newFile(String key) {
    return path(key, "a file, or a name for one", path -> !Files.isDirectory(path));
  }

  /** Reads a key that may be left out. */
  <T> Optional<T> optional(String key, Function<String, T> read) {
    known.add(key);
    return isAbsent(values.get(key)) ? Optional.empty() : Optional.of(read.apply(key));
  }

  /** Reports that a key's value does not do. */
  void problem(String key, String wanted) {
    ConfigValue value = values.get(key);
    if (readable || value != null) {
      report(ErrorCode.CONFIG, nameOf(key), found(nameOf(key), value) + "; it must be " + wanted);
    }
  }

  private Path path(String key, String wanted, Predicate<Path> exists) {
    String text = text(key, wanted);
    if (text.isEmpty()) {
      return document.directory();
    }
    try {
      Path path = document.directory().resolve(text).normalize();
      if (!exists.test(path)) {
        String found = found(nameOf(key), values.get(key));
        report(
            ErrorCode.FILE_NOT_FOUND,
            nameOf(key),
            "%s, but %s is not %s".formatted(found, path, wanted));
      }
      return path;
    } catch (InvalidPathException e) {
      problem(key, wanted);
      return document.directory();
    }
  }

  private <T> T read(String key, String wanted, T fallback, Function<Config, Optional<T>> parse) {
    known.add(key);
    if (!isAbsent(values.get(key))) {
      try {
        Optional<T> parsed = parse.apply(values.toConfig());
        if (parsed.isPresent()) {
          return parsed.get();
        }
      } catch (ConfigException e) {
        // Told below, in the same words for every kind of mistake.
      }
    }
    problem(key, wanted);
    return fallback;
  }

  private void report(ErrorCode code, String fullKey, String message) {
    sound = false;
    document.problems().add(code, fullKey, message);
  }

  private static String found(String fullKey, @Nullable ConfigValue value) {
    if (value == null || isAbsent(value)) {
      return fullKey + " is not set";
    }
    String text = value.render(ConfigRenderOptions.concise());
    return "%s is %s (%s)".formatted(fullKey, Quoted.of(text), value.origin().description());
  }

  private static boolean isAbsent(@Nullable ConfigValue value) {
    return value == null || value.valueType() == ConfigValueType.NULL;
  }

  private static <T extends Comparable<T>> Optional<T> within(T value, T min, T max) {
    boolean legal = value.compareTo(min) >= 0 && value.compareTo(max) <= 0;
    return legal ? Optional.of(value) : Optional.empty();
  }

  private static List<String> split(String text) {
    return text.isBlank()
        ? List.of()
        : Arrays.stream(text.split(",", -1)).map(String::strip).toList();
  }

  private static String spelt(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
