package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.remote.DeadlineFailureDetector;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class NodeSettingsTest {
  private static final String PAUSE = "akka.cluster.failure-detector.acceptable-heartbeat-pause";

  /** As the configuration room hands it over: the user's file over all libraries' defaults. */
  private static Config merged(String user) {
    return ConfigFactory.parseString(user).withFallback(ConfigFactory.defaultReference()).resolve();
  }

  private static NodeSettings settings(String user) {
    return NodeSettings.of(Configs.serving("one").build(), merged(user));
  }

  @Test
  void this_rooms_settings_win_over_akkas_defaults() {
    Config akka = settings("").akka();
    assertThat(akka.getDuration(PAUSE)).isEqualTo(Duration.ofMillis(2500));
    assertThat(akka.getString("akka.cluster.failure-detector.implementation-class"))
        .isEqualTo(DeadlineFailureDetector.class.getName());
    assertThat(akka.getString("akka.actor.provider")).isEqualTo("cluster");
    assertThat(akka.getBoolean("akka.actor.allow-java-serialization")).isFalse();
    assertThat(akka.getString("akka.cluster.downing-provider-class"))
        .endsWith("SplitBrainResolverProvider");
    assertThat(akka.getString("akka.cluster.sharding.passivation.strategy")).isEqualTo("none");
    assertThat(akka.getDuration("akka.cluster.sharding.updating-state-timeout"))
        .isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void the_users_settings_win_over_this_rooms_even_where_they_are_akkas_defaults() {
    String akkasOwn = ConfigFactory.defaultReference().getString(PAUSE);
    assertThat(settings(PAUSE + " = " + akkasOwn).akka().getString(PAUSE)).isEqualTo(akkasOwn);
    assertThat(settings("tributary-actors.quiet-max = 9s").quietMax())
        .isEqualTo(Duration.ofSeconds(9));
  }

  @Test
  void what_follows_from_the_server_section_wins_over_all() {
    var server = Configs.serving("one").seedNodes("10.0.0.1:2552").drainMax(Duration.ofSeconds(90));
    Config akka =
        NodeSettings.of(server.build(), merged("akka.remote.artery.canonical.port = 99")).akka();
    assertThat(akka.getInt("akka.remote.artery.canonical.port")).isZero();
    assertThat(akka.getStringList("akka.cluster.seed-nodes"))
        .containsExactly("akka://tributary@10.0.0.1:2552");
    assertThat(akka.getDuration("akka.coordinated-shutdown.phases.service-requests-done.timeout"))
        .isGreaterThan(Duration.ofSeconds(90));
    assertThat(
            akka.getInt(NodeSettings.LOADING_DISPATCHER + ".thread-pool-executor.fixed-pool-size"))
        .isEqualTo(2);
  }

  @Test
  void an_answer_may_take_as_long_as_a_load_and_a_little_more() {
    assertThat(settings("").answerMax()).isEqualTo(Duration.ofSeconds(20 + 5));
  }
}
