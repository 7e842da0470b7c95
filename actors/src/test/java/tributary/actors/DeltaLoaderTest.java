package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

class DeltaLoaderTest {
  private static final ActorTestKit KIT = Kits.local("loader");

  private final FakeDeltaStore store = new FakeDeltaStore();
  private final TestProbe<Object> probe = KIT.createTestProbe();
  private final List<LoadedDelta> evicted = new CopyOnWriteArrayList<>();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void a_variant_comes_with_its_first_plane_and_the_others_follow_its_first_token()
      throws Exception {
    store.sizes(10, 20, 30);
    DeltaLoader loader = loader(100);
    LoadedDelta delta = load(loader, "a");
    loader.pump();
    assertThat(loader.load().device()).isEqualTo(new Bytes(10));
    loader.started(delta);
    Kits.await(probe, () -> assertThat(store.width(delta)).isEqualTo(3));
    assertThat(loader.load().device()).isEqualTo(new Bytes(30));
  }

  @Test
  void one_that_nobody_uses_makes_room_and_one_in_use_does_not() throws Exception {
    store.sizes(60);
    DeltaLoader loader = loader(130);
    LoadedDelta used = load(loader, "used");
    LoadedDelta idle = load(loader, "idle");
    loader.used(idle, false);
    CompletableFuture<LoadedDelta> third = loader.load(new DeltaId("third"), evicted::add);
    Kits.await(probe, () -> assertThat(evicted).containsExactly(idle));
    assertThat(third).isNotDone();
    loader.unload(idle).get(20, TimeUnit.SECONDS);
    assertThat(third.get(20, TimeUnit.SECONDS).id()).isEqualTo(new DeltaId("third"));
    assertThat(store.resident()).contains(used).hasSize(2);
  }

  @Test
  void one_in_use_makes_room_when_another_has_waited_too_long() throws Exception {
    store.sizes(60);
    DeltaLoader loader = loader(100);
    LoadedDelta used = load(loader, "used");
    CompletableFuture<LoadedDelta> other = loader.load(new DeltaId("other"), evicted::add);
    Kits.await(
        probe,
        () -> {
          loader.pump();
          assertThat(evicted).containsExactly(used);
        });
    var freed = loader.unload(used);
    other.get(20, TimeUnit.SECONDS);
    freed.get(20, TimeUnit.SECONDS);
    assertThat(loader.load().evictions()).isEqualTo(1);
  }

  @Test
  void an_unload_in_the_middle_of_a_raise_frees_all() throws Exception {
    store.sizes(10, 20, 30, 40, 50);
    DeltaLoader loader = loader(100);
    for (int i = 0; i < 50; i++) {
      LoadedDelta delta = load(loader, "a");
      loader.started(delta);
      loader.unload(delta).get(20, TimeUnit.SECONDS);
      assertThat(loader.load().device()).isEqualTo(Bytes.ZERO);
    }
    assertThat(store.resident()).isEmpty();
  }

  @Test
  void one_that_no_memory_can_hold_is_refused_with_the_sizes() {
    store.sizes(200);
    assertThat(loader(100).load(new DeltaId("a"), evicted::add))
        .failsWithin(20, TimeUnit.SECONDS)
        .withThrowableThat()
        .withMessageContaining("largest other one 200")
        .withMessageContaining("has 100");
  }

  private LoadedDelta load(DeltaLoader loader, String name) throws Exception {
    return loader.load(new DeltaId(name), evicted::add).get(20, TimeUnit.SECONDS);
  }

  private DeltaLoader loader(long memory) {
    DeltaLoader loader = Kits.loader(KIT, store, Kits.memory(memory));
    loader.servedBy((delta, width) -> {
      store.serveAt(delta, width);
      return CompletableFuture.completedFuture(null);
    });
    return loader;
  }
}
