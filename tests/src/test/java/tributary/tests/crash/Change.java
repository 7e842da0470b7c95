package tributary.tests.crash;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A change of a store's variants, and what it makes of them.
 *
 * @param name of the variant; of none when the store is cleaned
 * @param source what is registered, and its version; of no use to other kinds
 */
record Change(Kind kind, String name, Map.Entry<Path, String> source) {
  /** How many names there are to change. */
  private static final int NAMES = 6;

  private static final int VERSIONS_MAX = 16;

  /** What is done. */
  enum Kind {
    REGISTER,
    ROLL_BACK,
    REMOVE,
    CLEAN
  }

  static Change draw(
      SplittableRandom random, Map<String, List<String>> variants, Map<Path, String> versions) {
    String name = "variant-" + random.nextInt(NAMES);
    var sources = List.copyOf(versions.entrySet());
    var source = sources.get(random.nextInt(sources.size()));
    int count = variants.getOrDefault(name, List.of()).size();
    Kind kind =
        switch (random.nextInt(8)) {
          case 0, 1, 2 -> count > 1 ? Kind.ROLL_BACK : Kind.REGISTER;
          case 3 -> count > 0 ? Kind.REMOVE : Kind.REGISTER;
          case 4 -> Kind.CLEAN;
          default -> Kind.REGISTER;
        };
    return new Change(kind, name, source);
  }

  String command() {
    return switch (kind) {
      case REGISTER -> "register " + name + " " + source.getKey();
      case ROLL_BACK -> "rollback " + name;
      case REMOVE -> "remove " + name;
      case CLEAN -> "clean";
    };
  }

  Map<String, List<String>> after(Map<String, List<String>> before) {
    var after = new TreeMap<>(before);
    switch (kind) {
      case REGISTER -> after.put(name, registered(before.getOrDefault(name, List.of())));
      case ROLL_BACK -> {
        List<String> had = before.getOrDefault(name, List.of());
        after.put(name, had.subList(0, had.size() - 1));
      }
      case REMOVE -> after.remove(name);
      case CLEAN -> {}
    }
    return after;
  }

  private List<String> registered(List<String> had) {
    var all = new ArrayList<>(had);
    if (all.isEmpty() || !all.getLast().equals(source.getValue())) {
      all.add(source.getValue());
    }
    return List.copyOf(all.subList(Math.max(0, all.size() - VERSIONS_MAX), all.size()));
  }
}
