package tributary.tests.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.tests.Repository;

/** What becomes of a store when there is no more room, and afterwards. */
class FullDiskTest {
  private static final int KIBIBYTES = 512;

  @TempDir Path directory;

  @Test
  void a_variant_that_does_not_fit_is_refused_and_the_others_are_served_on() throws Exception {
    Path base = Repository.golden("llama");
    Path store = directory.resolve("store");
    try (Victim full =
        Victim.startLimited(KIBIBYTES, "tributary.actors.KilledStore", store, base)) {
      full.answersUntil("ready");
      full.tell("register fits " + Repository.golden("llama-lora"));
      assertThat(full.answer()).startsWith("done ");
      full.tell("register large " + Repository.delta("sgd_chat"));
      assertThat(full.answer()).startsWith("failed ").contains("file_unwritable");
      full.tell("state");
      assertThat(full.answersUntil("done")).singleElement().asString().startsWith("fits ");
    }
    try (Victim again = Victim.start("tributary.actors.KilledStore", store, base)) {
      again.answersUntil("ready");
      again.tell("state");
      assertThat(again.answersUntil("done")).singleElement().asString().startsWith("fits ");
      again.tell("register large " + Repository.delta("sgd_chat"));
      assertThat(again.answer()).startsWith("done ");
    }
    assertThat(store.resolve("objects").toFile().list()).hasSize(2);
  }
}
