namespace Ostiary.Faults;

/// <summary>Rows whose tests need a store's own files or thousands of clients, and stand with those.</summary>
internal static class Elsewhere
{
    // csharpier-ignore
    public static readonly (string Row, string What, string File, string Test)[] Rows =
    [
        ("R03", "power cuts: images of the files cut at every write", "tests/Ostiary.Storage.Tests/Faults/SqliteFaultTests.cs", "Images_taken_between_two_groups_hold_all_that_was_acknowledged"),
        ("R03", "the same of the memory store's journal", "tests/Ostiary.Storage.Tests/Faults/JournalFaultTests.cs", "A_journal_cut_at_any_byte_of_its_last_lines_keeps_all_that_was_acknowledged_before"),
        ("R07", "flipped bits in journal and snapshot", "tests/Ostiary.Storage.Tests/Faults/JournalFaultTests.cs", "A_flipped_bit_anywhere_in_the_journal_or_snapshot_is_found"),
        ("R07", "lost pages and flipped bits of a database", "tests/Ostiary.Storage.Tests/Faults/SqliteFaultTests.cs", "A_page_that_is_lost_is_found_at_the_start"),
        ("R11", "a standby that is promoted, both named in the address", "tests/Ostiary.Storage.Tests/Postgres/PromotionTests.cs", "The_primary_is_found_again_whichever_of_the_two_it_is"),
        ("R21", "ten times too many writes", "tests/Ostiary.Program.Tests/Overload/OverloadTests.cs", "Ten_times_too_many_writes_are_shed_in_bounded_memory_and_leave_no_trace"),
        ("R22", "more passwords than the processors can hash", "tests/Ostiary.Program.Tests/Overload/OverloadTests.cs", "Every_request_of_a_burst_is_served_or_shed_and_memory_stays_bounded"),
        ("R26", "tokens of a revoked key", "tests/Ostiary.Server.Tests/Keys/RememberedTokenTests.cs", "A_token_that_was_read_is_refused_when_its_key_is_revoked"),
        ("R28", "an old and a new program on one schema", "tests/Ostiary.Storage.Tests/Postgres/SchemaTests.cs", "An_older_node_works_beside_a_newer_one_until_the_tables_are_contracted"),
        ("R28", "a migration meets a table in use", "tests/Ostiary.Storage.Tests/Postgres/SchemaTests.cs", "A_step_waits_for_a_table_in_use_without_holding_up_those_behind_it"),
        ("R31", "nodes that sweep at once", "tests/Ostiary.Storage.Tests/Postgres/SchemaTests.cs", "Nodes_that_sweep_at_once_share_the_work"),
        ("R31", "a sweep finds its rows by an index", "tests/Ostiary.Storage.Tests/Contract/SqliteSweepTests.cs", "Finds_what_is_over_by_an_index"),
    ];
}

public sealed class ElsewhereTests
{
    [Fact]
    public void Every_test_that_is_named_is_there() =>
        Assert.All(
            Elsewhere.Rows,
            row => Assert.Contains(row.Test + "(", File.ReadAllText(Path.Combine(Report.Root, row.File)), StringComparison.Ordinal)
        );
}
