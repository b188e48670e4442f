using System.Buffers.Binary;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

/// <summary>
/// SQLite ends the recovery of its log at the first frame that is not whole, and takes it for a commit that was cut short. That is right for the last
/// transaction only: every one before it was flushed before the next began. So two commits behind a broken frame say that acknowledged ones would be lost.
/// </summary>
internal static class WriteAheadLog
{
    private const int HeadSize = 32;
    private const int FrameHeadSize = 24;
    private const uint LittleEndianSums = 0x377f0682;

    /// <summary>Refuses a log that is damaged before its last transaction.</summary>
    public static void Check(string file)
    {
        if (!File.Exists(file) || new FileInfo(file).Length <= HeadSize)
            return;
        try
        {
            using var log = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 16);
            if (CommitsBehindDamage(log) >= 2)
                throw new StoreException(Reason.StorageDamaged, $"The write-ahead log {file} is damaged; nothing in it was changed.");
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            throw StorageFault.Of(fault, file);
        }
    }

    private static int CommitsBehindDamage(FileStream log)
    {
        var head = new byte[HeadSize];
        log.ReadExactly(head);
        var little = BinaryPrimitives.ReadUInt32BigEndian(head) == LittleEndianSums;
        var sums = Add(default, head.AsSpan(..24), little);
        var size = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(8));
        var whole = sums == Sums(head.AsSpan(24));
        // A head that cannot be trusted cannot tell the page size either; all our databases have this one.
        var frame = new byte[FrameHeadSize + (whole ? (int)size : 4096)];
        var salts = whole ? BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(16)) : (ulong?)null;
        var commits = 0;
        while (log.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length)
        {
            var itsSalts = BinaryPrimitives.ReadUInt64BigEndian(frame.AsSpan(8));
            salts ??= itsSalts;
            if (whole)
            {
                sums = Add(Add(sums, frame.AsSpan(..8), little), frame.AsSpan(FrameHeadSize..), little);
                whole = itsSalts == salts && sums == Sums(frame.AsSpan(16));
            }
            // Frames with other salts are left over from before the log began anew.
            var isCommit = BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)) != 0;
            if (!whole && itsSalts == salts && isCommit)
                commits++;
        }
        return commits;
    }

    private static (uint, uint) Sums(ReadOnlySpan<byte> bytes) =>
        (BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));

    private static (uint First, uint Second) Add((uint First, uint Second) sums, ReadOnlySpan<byte> bytes, bool little)
    {
        var (first, second) = sums;
        for (var at = 0; at < bytes.Length; at += 8)
        {
            first += Word(bytes[at..], little) + second;
            second += Word(bytes[(at + 4)..], little) + first;
        }
        return (first, second);
    }

    private static uint Word(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
