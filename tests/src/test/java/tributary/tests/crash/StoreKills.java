package tributary.tests.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tributary.tests.crash.Change.Kind;

/** Kills while deltas are published and variants upgraded, rolled back and removed. */
final class StoreKills implements Kills {
  private static final int ACKNOWLEDGED_MAX = 3;
  private static final int WHILE_OPENING = 10;

  private final Path store;
  private final Path base;
  private final SplittableRandom random;
  private final Map<Path, String> versions = new LinkedHashMap<>();
  private final Map<Kind, Moment> moments = new HashMap<>();
  private final Moment opening;
  private Map<String, List<String>> variants = new TreeMap<>();
  private Map<String, List<String>> afterwards = variants;

  /**
   * @param sources delta files and adapters of the base
   */
  StoreKills(Path directory, Path base, List<Path> sources, SplittableRandom random)
      throws IOException, InterruptedException {
    this.store = directory.resolve("store");
    this.base = base;
    this.random = random;
    this.opening = new Moment(random);
    try (Victim undisturbed = start(directory.resolve("undisturbed"))) {
      undisturbed.answersUntil("ready");
      for (Path source : sources) {
        undisturbed.tell("register once " + source);
        String[] said = undisturbed.answer().replace("done ", "").split(",", -1);
        versions.put(source, said[said.length - 1]);
      }
    }
  }

  private Victim start(Path directory) throws IOException {
    return Victim.start("tributary.actors.KilledStore", directory, base);
  }

  @Override
  public void kill(Met met) throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (Victim victim = start(store)) {
      if (random.nextInt(WHILE_OPENING) == 0) {
        opening.await();
        assertThat(victim.kill(_ -> {})).isTrue();
      } else {
        victim.answersUntil("ready");
        opening.took(System.nanoTime() - start);
        requireAsAcknowledged(victim);
        work(victim, met);
      }
    }
    met.kills++;
    met.leftOver += files().stream().anyMatch(it -> it.endsWith(".part")) ? 1 : 0;
  }

  @Override
  public void finish() throws IOException, InterruptedException {
    try (Victim last = start(store)) {
      last.answersUntil("ready");
      requireAsAcknowledged(last);
    }
  }

  private void work(Victim victim, Met met) throws IOException, InterruptedException {
    for (int i = random.nextInt(ACKNOWLEDGED_MAX + 1); i > 0; i--) {
      Change change = Change.draw(random, variants, versions);
      long before = System.nanoTime();
      victim.tell(change.command());
      assertThat(victim.answer()).startsWith("done");
      moment(change.kind()).took(System.nanoTime() - before);
      variants = change.after(variants);
      met.acknowledged++;
    }
    Change last = Change.draw(random, variants, versions);
    victim.tell(last.command());
    moment(last.kind()).await();
    var said = new ArrayList<String>();
    assertThat(victim.kill(said::add)).isTrue();
    afterwards = last.after(variants);
    if (said.isEmpty()) {
      met.underWay++;
    } else {
      assertThat(said).singleElement().asString().startsWith("done");
      variants = afterwards;
      met.acknowledged++;
    }
  }

  /** What was under way when the process was killed has been done, or has not been begun. */
  private void requireAsAcknowledged(Victim victim) throws IOException, InterruptedException {
    Map<String, List<String>> found = state(victim);
    assertThat(found).isIn(variants, afterwards);
    variants = found;
    afterwards = found;
    victim.tell("clean");
    victim.answersUntil("done");
    assertThat(state(victim)).isEqualTo(variants);
    assertThat(files()).isEqualTo(wanted());
  }

  private Moment moment(Kind kind) {
    return moments.computeIfAbsent(kind, _ -> new Moment(random));
  }

  private static Map<String, List<String>> state(Victim victim)
      throws IOException, InterruptedException {
    victim.tell("state");
    var found = new TreeMap<String, List<String>>();
    for (String line : victim.answersUntil("done")) {
      String[] words = line.split(" ", -1);
      found.put(words[0], List.of(words[1].split(",")));
    }
    return found;
  }

  private Set<String> wanted() {
    var names = new TreeSet<String>();
    variants.forEach((name, ofIt) -> {
      names.add(name + ".properties");
      ofIt.forEach(version -> names.add(version + ".delta"));
    });
    return names;
  }

  private Set<String> files() throws IOException {
    if (!Files.exists(store)) {
      return new TreeSet<>();
    }
    try (Stream<Path> all = Files.walk(store)) {
      return all.filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
