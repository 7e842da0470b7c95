package tributary.actors;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.DispatcherSelector;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import tributary.protocol.Bytes;
import tributary.protocol.Nanos;
import tributary.scheduling.residency.ResidencySettings;

/** Actor systems for tests of single actors: this room's settings, no cluster. */
final class Kits {
  private Kits() {}

  static ActorTestKit local(String name) {
    return ActorTestKit.create(
        name,
        ConfigFactory.parseString(
                """
                akka.actor.provider = local
                tributary-actors.loading-dispatcher.thread-pool-executor.fixed-pool-size = 4
                """)
            .withFallback(Configs.QUIET)
            .withFallback(ConfigFactory.parseResources("tributary-akka.conf"))
            .withFallback(ConfigFactory.defaultReference())
            .resolve());
  }

  /** Memory for whatever a test loads. */
  static final ResidencySettings AMPLE = memory(Long.MAX_VALUE / 4);

  static ResidencySettings memory(long bytes) {
    return new ResidencySettings(null, new Bytes(bytes), 4, Nanos.ofMillis(100), Bytes.ZERO);
  }

  static DeltaLoader loader(ActorTestKit kit, DeltaStore store, ResidencySettings settings) {
    return new DeltaLoader(
        store,
        kit.system()
            .dispatchers()
            .lookup(DispatcherSelector.fromConfig(NodeSettings.LOADING_DISPATCHER)),
        MonotonicClock.SYSTEM,
        settings);
  }

  /** Waits until an assertion holds. */
  static void await(TestProbe<?> probe, Runnable assertion) {
    probe.awaitAssert(
        Duration.ofSeconds(20),
        () -> {
          assertion.run();
          return null;
        });
  }
}
