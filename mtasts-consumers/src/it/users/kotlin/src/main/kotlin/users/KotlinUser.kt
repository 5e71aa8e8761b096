package users

import io.github.mtasts.MtaSts
import io.github.mtasts.discovery.PolicyInForce
import io.github.mtasts.policy.PolicyDomain
import io.github.mtasts.testkit.SmallInternet

/** Asks for policies in Kotlin: every answer there is, and what may be null is known to the compiler. */
fun main() {
    SmallInternet().use { net ->
        net.domain("example.com").sts("enforce", "*.example.com").mx(10, "mx.example.com")
        net.domain("example.net").mx(10, "mx.example.net")
        val builder = MtaSts.builder()
            .dnsServer(net.dns().address())
            .httpsPort(net.httpsPort())
            .trustAnchors(net.ca().trustStore())
            .allowPrivateAddresses(true)
        builder.build().use { mtaSts ->
            checkEquals("enforce 20260101", answer(mtaSts.policyFor(PolicyDomain.of("example.com"))))
            checkEquals("none: NO_RECORD after RecordAbsent", answer(mtaSts.policyFor(PolicyDomain.of("example.net"))))
        }
    }
    println("kotlin: good")
}

private fun answer(policy: PolicyInForce): String = when (policy) {
    is PolicyInForce.Enforce -> "enforce " + policy.cached().recordId()
    is PolicyInForce.Testing -> "testing " + policy.cached().recordId()
    is PolicyInForce.NotInForce -> "none: " + policy.reason() + (policy.met()?.let { " after " + it.javaClass.simpleName } ?: "")
    is PolicyInForce.Undetermined -> "defer: " + policy.reason()
}

private fun checkEquals(expected: String, actual: String) = check(expected == actual) { "$actual instead of $expected" }
