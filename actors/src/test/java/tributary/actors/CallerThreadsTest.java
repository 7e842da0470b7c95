package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.Behaviors;
import akka.dispatch.DispatcherPrerequisites;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class CallerThreadsTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          ConfigFactory.parseString(
                  """
                  here {
                    type = Dispatcher
                    executor = "tributary.actors.CallerThreads"
                  }
                  """)
              .withFallback(ConfigFactory.load()));

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void a_message_has_been_processed_when_it_has_been_sent() {
    var threads = new ArrayList<Thread>();
    ActorRef<String> actor =
        spawn(
            Behaviors.receiveMessage(_ -> {
              threads.add(Thread.currentThread());
              return Behaviors.same();
            }));
    actor.tell("now");
    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void an_answer_to_an_answer_deepens_no_stack() {
    var left = new AtomicInteger(100_000);
    ActorRef<ActorRef<?>> first = spawn(volley(left));
    ActorRef<ActorRef<?>> second = spawn(volley(left));
    first.tell(second);
    assertThat(left).hasValue(0);
  }

  @SuppressWarnings("unchecked")
  private static Behavior<ActorRef<?>> volley(AtomicInteger left) {
    return Behaviors.receive((context, other) -> {
      if (left.decrementAndGet() > 0) {
        ((ActorRef<ActorRef<?>>) other).tell(context.getSelf());
      }
      return Behaviors.same();
    });
  }

  @Test
  void an_actor_runs_on_one_thread_at_a_time_and_loses_nothing() throws Exception {
    int senders = 4;
    int each = 20_000;
    var inside = new AtomicInteger();
    var received = new ConcurrentHashMap<Integer, Integer>();
    ActorRef<Integer> actor =
        spawn(
            Behaviors.receiveMessage(sender -> {
              assertThat(inside.incrementAndGet()).isEqualTo(1);
              received.merge(sender, 1, Integer::sum);
              inside.decrementAndGet();
              return Behaviors.same();
            }));
    try (var threads = Executors.newFixedThreadPool(senders)) {
      for (int sender = 0; sender < senders; sender++) {
        int name = sender;
        threads.execute(() -> {
          for (int i = 0; i < each; i++) {
            actor.tell(name);
          }
        });
      }
    }
    // Whoever ran the actor last has returned.
    assertThat(received.values()).hasSize(senders).allMatch(count -> count == each);
  }

  @Test
  void tasks_run_in_order_also_after_one_that_fails() {
    ExecutorService executor = executor();
    List<String> ran = new ArrayList<>();
    assertThatThrownBy(() ->
            executor.execute(() -> {
              executor.execute(() -> ran.add("second"));
              executor.execute(() -> ran.add("third"));
              ran.add("first");
              throw new IllegalStateException("as wanted");
            }))
        .hasMessage("as wanted");
    assertThat(ran).containsExactly("first", "second", "third");
  }

  @Test
  void nothing_runs_after_the_end() {
    ExecutorService executor = executor();
    executor.shutdown();
    assertThat(executor.isTerminated()).isTrue();
    assertThatThrownBy(() -> executor.execute(() -> {}))
        .isInstanceOf(RejectedExecutionException.class);
  }

  private static ExecutorService executor() {
    DispatcherPrerequisites prerequisites =
        KIT.system().classicSystem().dispatchers().prerequisites();
    return new CallerThreads(ConfigFactory.empty(), prerequisites)
        .createExecutorServiceFactory("here", Thread::new)
        .createExecutorService();
  }

  private static <T> ActorRef<T> spawn(Behavior<T> behavior) {
    ActorRef<T> actor = KIT.spawn(behavior, DispatcherSelector.fromConfig("here"));
    return actor;
  }
}
