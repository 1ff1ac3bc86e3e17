/**
 * As much of Gradle as gradle/one-runtime.gradle.kts of a project uses, around the text of that script. Gradle itself
 * cannot be had here.
 */
package com.example.gradle

internal class GradleException(message: String) : RuntimeException(message)

internal class Requested(val group: String, val name: String, val version: String?)

internal class Details(val requested: Requested)

internal class ResolutionStrategy {
    var rule: Details.() -> Unit = {}

    fun eachDependency(rule: Details.() -> Unit) {
        this.rule = rule
    }
}

internal class Configuration {
    val resolutionStrategy = ResolutionStrategy()
}

internal class Configurations(private val one: Configuration) {
    fun configureEach(action: Configuration.() -> Unit): Unit = one.action()
}

/** Returns what the script says to a dependency, `group:name:version`; "taken" where it has nothing against it. */
public fun said(dependency: String): String {
    val (group, name, version) = dependency.split(":")
    val configuration = Configuration()
    script(Configurations(configuration))
    return try {
        configuration.resolutionStrategy.rule(Details(Requested(group, name, version.ifEmpty { null })))
        "taken"
    } catch (error: GradleException) {
        error.message.orEmpty()
    }
}

private fun script(configurations: Configurations) {
    // SCRIPT
}
