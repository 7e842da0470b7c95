package tributary.config;

import com.typesafe.config.ConfigValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One reading of all settings: the sections opened so far, and what is wrong with them. */
final class Document {
  private final Path directory;
  private final Problems problems = new Problems();
  private final List<Section> sections = new ArrayList<>();

  /**
   * @param directory that relative paths start from
   */
  Document(Path directory) {
    this.directory = directory;
  }

  Path directory() {
    return directory;
  }

  Problems problems() {
    return problems;
  }

  Section open(String name, @Nullable ConfigValue value) {
    var section = new Section(this, name, value);
    sections.add(section);
    return section;
  }

  /** To be called when all sections are read: what nobody asked for is unknown. */
  void throwIfBad() {
    for (Section section : sections) {
      section.values().forEach((key, value) -> checkKnown(section, key, value));
    }
    problems.throwIfAny();
  }

  private void checkKnown(Section section, String key, ConfigValue value) {
    if (!section.known().contains(key)) {
      String hint =
          Spelling.nearest(key, section.known())
              .map(section::nameOf)
              .or(() -> elsewhere(key))
              .map(meant -> "did you mean " + meant + "?")
              .orElse("known here: " + String.join(", ", section.known()));
      problems.unknownKey(
          section.nameOf(key),
          "%s (%s) is not a setting; %s"
              .formatted(section.nameOf(key), value.origin().description(), hint));
    }
  }

  private Optional<String> elsewhere(String key) {
    return sections.stream()
        .filter(section -> section.known().contains(key))
        .map(section -> section.nameOf(key))
        .findFirst();
  }
}
