package tributary.actors;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;

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
