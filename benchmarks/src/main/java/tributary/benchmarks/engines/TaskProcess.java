package tributary.benchmarks.engines;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that reads a {@link Task} from one file and writes a {@link TaskResult} to
 * another, both as JSON, their names being its last two arguments.
 */
final class TaskProcess {
  private final String name;

  TaskProcess(String name) {
    this.name = name;
  }

  /** The start of a command line, given a directory for the process's temporary files. */
  @FunctionalInterface
  interface Command {
    List<String> in(Path scratch);
  }

  TaskResult run(Command command, Task task) throws IOException, InterruptedException {
    ObjectMapper json = new ObjectMapper();
    try (var scratch = ScratchDirectory.create()) {
      File taskFile = scratch.path().resolve("task.json").toFile();
      File resultFile = scratch.path().resolve("result.json").toFile();
      json.writeValue(taskFile, task);
      List<String> line = new ArrayList<>(command.in(scratch.path()));
      line.addAll(List.of(taskFile.getPath(), resultFile.getPath()));
      new ChildProcess(name, scratch.path()).run(new ProcessBuilder(line));
      TaskResult result = json.readValue(resultFile, TaskResult.class);
      switch (task.work()) {
        case Work.Decode _, Work.OneBitDeltas _ -> {}
        case Work.LoraAdapters(int fineTunes, int _) -> result.requireDistinct(name, fineTunes);
        case Work.Prefill(int promptTokens) -> result.requirePromptOf(name, promptTokens);
      }
      return result;
    }
  }
}
