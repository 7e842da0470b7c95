package tributary.tests.architecture;

import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** A class written for the purpose of breaking one rule; what it names need not exist. */
record Offender(String name, Consumer<ClassBuilder> guilt) {
  /** Has a field of that type. */
  static Offender holding(String name, String type) {
    return new Offender(
        name, builder -> builder.withField("held", ClassDesc.of(type), ClassFile.ACC_PRIVATE));
  }

  /** Has a static field that can be assigned. */
  static Offender withMutableState(String name) {
    return new Offender(
        name, builder -> builder.withField("state", ClassDesc.of("java.lang.Object"), ACC_STATIC));
  }

  /** Names that interface. */
  static Offender implementing(String name, String type) {
    return new Offender(name, builder -> builder.withInterfaceSymbols(ClassDesc.of(type)));
  }

  /** Calls that static method; its arguments are left out, for nobody runs it. */
  static Offender calling(String name, String owner, String method, MethodTypeDesc signature) {
    return new Offender(
        name,
        builder ->
            builder.withMethodBody(
                "offend",
                MethodTypeDesc.ofDescriptor("()V"),
                ACC_PUBLIC | ACC_STATIC,
                code -> {
                  signature.parameterList().forEach(_ -> code.iconst_0());
                  code.invokestatic(ClassDesc.of(owner), method, signature).return_();
                }));
  }

  /** Makes an object of that type from 0s and nulls. */
  static Offender making(String name, String owner, MethodTypeDesc constructor) {
    return new Offender(
        name,
        builder ->
            builder.withMethodBody(
                "offend",
                MethodTypeDesc.ofDescriptor("()V"),
                ACC_PUBLIC | ACC_STATIC,
                code -> {
                  code.new_(ClassDesc.of(owner)).dup();
                  constructor
                      .parameterList()
                      .forEach(type -> {
                        if (type.isPrimitive()) {
                          code.lconst_0();
                        } else {
                          code.aconst_null();
                        }
                      });
                  code.invokespecial(ClassDesc.of(owner), "<init>", constructor).pop().return_();
                }));
  }

  /** Reads {@code System.out}. */
  static Offender printing(String name) {
    return new Offender(
        name,
        builder ->
            builder.withMethodBody(
                "offend",
                MethodTypeDesc.ofDescriptor("()V"),
                ACC_PUBLIC | ACC_STATIC,
                code ->
                    code.getstatic(
                            ClassDesc.of("java.lang.System"),
                            "out",
                            ClassDesc.of("java.io.PrintStream"))
                        .pop()
                        .return_()));
  }

  JavaClasses importedFrom(Path directory) throws IOException {
    byte[] bytes =
        ClassFile.of(ClassFile.StackMapsOption.DROP_STACK_MAPS).build(ClassDesc.of(name), guilt);
    Files.write(directory.resolve("Offender.class"), bytes);
    return new ClassFileImporter().importPath(directory);
  }

  @Override
  public String toString() {
    return name;
  }
}
