package tributary.tests.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** Kills while answers, admins' deeds and keys are written into an embedded ledger. */
final class LedgerKills implements Kills {
  private static final int ENTRIES_MAX = 64;
  private static final int WHILE_OPENING = 10;

  /** Kills after which another ledger is begun, for its first opening makes the tables. */
  private static final int KILLS_OF_ONE = 25;

  private final Path directory;
  private final SplittableRandom random;
  private final Moment opening;
  private final Moment writing;
  private final Set<String> asked = new TreeSet<>();
  private final Set<String> acknowledged = new HashSet<>();
  private int ledgers;
  private int killsOfThis;
  private int ids;

  LedgerKills(Path directory, SplittableRandom random) {
    this.directory = directory;
    this.random = random;
    opening = new Moment(random);
    writing = new Moment(random);
  }

  private Victim start() throws IOException {
    return Victim.start(
        KilledLedger.class.getName(), "jdbc:h2:file:" + directory.resolve("ledger-" + ledgers));
  }

  @Override
  public void kill(Met met) throws IOException, InterruptedException {
    if (killsOfThis++ == KILLS_OF_ONE) {
      beginAnother();
    }
    long start = System.nanoTime();
    try (Victim victim = start()) {
      if (random.nextInt(WHILE_OPENING) == 0) {
        opening.await();
        assertThat(victim.kill(_ -> {})).isTrue();
      } else {
        victim.answersUntil("ready");
        opening.took(System.nanoTime() - start);
        requireAsAcknowledged(victim);
        write(victim, met);
      }
    }
    met.kills++;
  }

  @Override
  public void finish() throws IOException, InterruptedException {
    try (Victim last = start()) {
      last.answersUntil("ready");
      requireAsAcknowledged(last);
    }
  }

  private void beginAnother() throws IOException, InterruptedException {
    finish();
    asked.clear();
    acknowledged.clear();
    ledgers++;
    killsOfThis = 1;
  }

  private void write(Victim victim, Met met) throws IOException, InterruptedException {
    int before = acknowledged.size();
    int first = 1 + random.nextInt(ENTRIES_MAX);
    long start = System.nanoTime();
    ask(victim, first);
    for (int i = 0; i < first; i++) {
      acknowledge(victim.answer());
    }
    writing.took(System.nanoTime() - start);
    ask(victim, 1 + random.nextInt(ENTRIES_MAX));
    writing.await();
    assertThat(victim.kill(this::acknowledge)).isTrue();
    met.acknowledged += acknowledged.size() - before;
    met.underWay += acknowledged.size() < asked.size() ? 1 : 0;
  }

  private void ask(Victim victim, int entries) throws IOException {
    for (int i = 0; i < entries; i++) {
      String entry = kind() + " " + ids++;
      asked.add(entry);
      victim.tell(entry);
    }
  }

  private String kind() {
    return switch (random.nextInt(8)) {
      case 0 -> "audit";
      case 1 -> "issue";
      default -> "usage";
    };
  }

  private void acknowledge(String said) {
    assertThat(said).startsWith("done ");
    acknowledged.add(said.substring("done ".length()));
  }

  /** What was asked for and not acknowledged is there once and whole, or not at all. */
  private void requireAsAcknowledged(Victim victim) throws IOException, InterruptedException {
    victim.tell("state");
    var found = new HashSet<String>();
    for (String line : victim.answersUntil("done state")) {
      String[] words = line.split(" ", -1);
      String entry = words[0] + " " + words[1];
      assertThat(found.add(entry)).as("%s is there once", entry).isTrue();
      if (words[0].equals("usage")) {
        int id = Integer.parseInt(words[1]);
        assertThat(line).isEqualTo("usage %d 1 %d %d", id, id, 2 * id);
      }
    }
    assertThat(found).containsAll(acknowledged);
    assertThat(asked).containsAll(found);
    acknowledged.addAll(found);
    asked.retainAll(found);
  }
}
