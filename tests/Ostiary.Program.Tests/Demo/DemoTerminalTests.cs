using Ostiary.Cli.Demo;
using Ostiary.Cli.Demo.Report;
using Ostiary.Cli.Output;

namespace Ostiary.Program.Tests.Demo;

public sealed class DemoTerminalTests
{
    [Fact]
    public void Without_colour_the_story_reads_like_this()
    {
        var expected = """

            3  What must fail, fails ───────────────────────────────────────────────────────
               Each attack is sent for real. The report shows the rule that stopped it.

            ✓  1  Somebody uses the code a second time                REFUSED, as it must be
               1  attacker → server   POST  /token                400     4 ms  4/5 checks
                  ✗ OST2014 code-replayed · OAuth 2.1 §4.1.3
                    refused by the rule "the code was not used before"
                    then the grant ended, with access token #c3d4 and refresh token #e6f7
               2  app → api           GET   /notes                401     3 ms  3/4 checks
                  ✗ OST6017 bearer-revoked · RFC 7009 §2 · "the token was not revoked"

            ✓  2  The answer is to go to a foreign address            REFUSED, as it must be
               1  attacker → server   GET   /authorize            400     2 ms  2/3 checks
                  ✗ OST1012 redirect-uri-mismatch · RFC 9700 §2.1
                    refused by the rule "redirect_uri equals a registered one"

            ✓  3  No secret is in any log                                                 ok
                  none of 14 secrets is in the server's log

            """;
        Assert.Equal(expected.ReplaceLineEndings("\n"), Print(SampleTrace.Create().Chapters[2], 80));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(400)]
    public void No_line_is_wider_than_the_terminal_or_110_columns(int width)
    {
        foreach (var chapter in SampleTrace.Create().Chapters)
            Assert.All(Print(chapter, width).Split('\n'), line => Assert.InRange(line.Length, 0, width < 60 ? 80 : Math.Min(width, 110)));
    }

    [Fact]
    public void What_was_sent_and_answered_is_shown_only_when_asked_for()
    {
        var chapter = SampleTrace.Create().Chapters[0];
        Assert.DoesNotContain("code_challenge_method", Print(chapter, 80), StringComparison.Ordinal);
        var verbose = Print(chapter, 80, verbose: true);
        Assert.Contains("      → code_challenge_method  S256\n", verbose, StringComparison.Ordinal);
        Assert.Contains("      ← access_token   #c3d4\n", verbose, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_says_what_was_expected_and_what_was_seen()
    {
        var chapter = SampleTrace.Create().Chapters[1];
        chapter.Steps[0].Findings.Add(new DemoFinding("the API answers with two notes", false, "it answered with three"));
        var text = Print(chapter, 80);
        Assert.Contains("✗  1  The app reads Ada's notes", text, StringComparison.Ordinal);
        Assert.Contains("FAILED\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "      FAILED  expected  the API answers with two notes\n              seen      it answered with three\n",
            text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Colours_stand_beside_words_and_control_characters_are_shown()
    {
        var chapter = new DemoChapter(1, "A\e[2Jb", "text");
        chapter.Steps.Add(new DemoStep(1, "A step", "why"));
        var plain = Print(chapter, 80);
        Assert.DoesNotContain('\e', plain);
        Assert.Contains("A\\u001b[2Jb", plain, StringComparison.Ordinal);
        Assert.Contains("\e[32mok\e[0m", Print(chapter, 80, colour: true), StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_counts_what_happened_and_says_where_to_read_on()
    {
        var text = new StringWriter();
        new DemoTerminal(text, new Ink(false), 80, verbose: false).Closing(
            SampleTrace.Create(),
            ["out/report.html", "out/report.json"],
            [("app", "http://127.0.0.1:9402")]
        );
        var expected = """

            ────────────────────────────────────────────────────────────────────────────────
            ✓ 8 steps, every one as it must be
              10 calls · 29 rules held · 3 of 3 attacks refused · 2.3 s

            Read it
              out/report.html
              out/report.json

            Try it
              app  http://127.0.0.1:9402

            Ctrl+C stops it.

            """;
        Assert.Equal(expected.ReplaceLineEndings("\n"), text.ToString());
    }

    private static string Print(DemoChapter chapter, int width, bool verbose = false, bool colour = false)
    {
        var text = new StringWriter();
        var terminal = new DemoTerminal(text, new Ink(colour), width, verbose);
        terminal.Chapter(chapter);
        foreach (var step in chapter.Steps)
            terminal.Step(step);
        return text.ToString();
    }
}
