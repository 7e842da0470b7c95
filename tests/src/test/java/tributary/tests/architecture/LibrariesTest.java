package tributary.tests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static tributary.tests.architecture.Room.ACTORS;
import static tributary.tests.architecture.Room.CLI;
import static tributary.tests.architecture.Room.CONFIG;
import static tributary.tests.architecture.Room.STREAMS;

import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.elements.ClassesShould;

/** Each outside library has a door, and nobody else lets it in. */
@AnalyzeClasses(packages = "tributary", importOptions = ProductionCode.class)
final class LibrariesTest {
  @ArchTest
  static final ArchRule akka_stays_in_the_running_system =
      onlyIn(ACTORS, STREAMS, CLI)
          .dependOnClassesThat()
          .resideInAnyPackage("akka..", "scala..")
          .because("everything else also runs in offline commands and in the simulator");

  @ArchTest
  static final ArchRule the_vector_api_has_one_importer =
      onlyIn("tributary.gpu.vector..")
          .dependOnClassesThat()
          .resideInAPackage("jdk.incubator..")
          .because("it is an incubator: it changes, and must be replaceable in one place");

  @ArchTest
  static final ArchRule jcuda_has_one_importer =
      onlyIn("tributary.gpu.cuda..")
          .dependOnClassesThat()
          .resideInAPackage("jcuda..")
          .because("a machine without a device must never load it");

  @ArchTest
  static final ArchRule kryo_stays_in_the_serializer =
      onlyIn(ACTORS)
          .dependOnClassesThat()
          .resideInAPackage("com.esotericsoftware..")
          .because("only messages between nodes are serialized with it");

  @ArchTest
  static final ArchRule settings_files_are_read_in_one_room =
      onlyIn(CONFIG, ACTORS, STREAMS, CLI)
          .dependOnClassesThat()
          .resideInAPackage("com.typesafe.config..")
          .because("the others are given checked records; Akka and Kamon want the raw tree");

  @ArchTest
  static final ArchRule the_tokenizer_library_has_one_importer =
      onlyIn("tributary.model.tokenizer..")
          .dependOnClassesThat()
          .resideInAPackage("ai.djl..")
          .because("text is bytes and token ids everywhere else");

  @ArchTest
  static final ArchRule metrics_leave_through_the_streams =
      onlyIn(STREAMS, ACTORS)
          .dependOnClassesThat()
          .resideInAPackage("kamon..")
          .because("what computes and decides returns its numbers and reports to nobody");

  @ArchTest
  static final ArchRule databases_are_reached_in_one_room =
      onlyIn("tributary.streams.tenancy..")
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "javax.sql..", "org.h2..", "org.postgresql..")
          .because("a call that waits for a database has a thread of its own there");

  @ArchTest
  static final ArchRule the_command_line_stays_in_its_room =
      onlyIn(CLI)
          .dependOnClassesThat()
          .resideInAnyPackage("picocli..", "me.tongfei.progressbar..")
          .because("the other rooms are also used without a terminal");

  @ArchTest
  static final ArchRule scalar_kernels_know_no_faster_twin =
      noClasses()
          .that()
          .resideInAPackage("tributary.gpu.scalar..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("tributary.gpu.vector..", "tributary.gpu.cuda..")
          .because("they are the definition the faster ones are tested against");

  private static ClassesShould onlyIn(String... doors) {
    return noClasses().that().resideOutsideOfPackages(doors).should();
  }
}
