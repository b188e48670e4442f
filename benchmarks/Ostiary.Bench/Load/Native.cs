using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Ostiary.Bench.Load;

/// <summary>The few calls of the system that the generator makes itself: one thread over one epoll costs a third of what a task for each connection does.</summary>
internal static partial class Native
{
    public const int EventIn = 1;
    private const int ControlAdd = 1;
    private const int ControlDelete = 2;
    private const int NoSignal = 0x4000;
    private const int DontWait = 0x40;
    private const int SetTimerSlack = 29;

    // The kernel's struct is packed on x86-64 alone.
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - 8;

    public static int Epoll() => Checked(epoll_create1(0));

    public static void Add(int epoll, int socket, int index)
    {
        Span<byte> entry = stackalloc byte[16];
        entry.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(entry, EventIn);
        BinaryPrimitives.WriteInt32LittleEndian(entry[DataOffset..], index);
        Checked(epoll_ctl(epoll, ControlAdd, socket, ref MemoryMarshal.GetReference(entry)));
    }

    public static void Remove(int epoll, int socket)
    {
        Span<byte> entry = stackalloc byte[16];
        _ = epoll_ctl(epoll, ControlDelete, socket, ref MemoryMarshal.GetReference(entry));
    }

    /// <summary>How many of <paramref name="events"/> were filled.</summary>
    public static int Wait(int epoll, Span<byte> events, TimeSpan timeout)
    {
        Span<long> time = [timeout.Ticks / TimeSpan.TicksPerSecond, timeout.Ticks % TimeSpan.TicksPerSecond * 100];
        return epoll_pwait2(
            epoll,
            ref MemoryMarshal.GetReference(events),
            events.Length / EventSize,
            ref MemoryMarshal.GetReference(time),
            IntPtr.Zero
        );
    }

    public static int IndexOf(ReadOnlySpan<byte> events, int at) => BinaryPrimitives.ReadInt32LittleEndian(events[(at * EventSize + DataOffset)..]);

    public static nint Send(int socket, ReadOnlySpan<byte> bytes) => send(socket, ref MemoryMarshal.GetReference(bytes), bytes.Length, NoSignal);

    public static nint Receive(int socket, Span<byte> bytes) => recv(socket, ref MemoryMarshal.GetReference(bytes), bytes.Length, DontWait);

    /// <summary>This thread's timers ring when they should, not within the usual 50 microseconds.</summary>
    public static void ExactTimers() => _ = prctl(SetTimerSlack, 1, 0, 0, 0);

    public static void Close(int descriptor) => _ = close(descriptor);

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, ref byte entry);

    [LibraryImport("libc")]
    private static partial int epoll_pwait2(int epoll, ref byte events, int most, ref long timeout, IntPtr signals);

    [LibraryImport("libc")]
    private static partial nint send(int socket, ref byte bytes, nint length, int flags);

    [LibraryImport("libc")]
    private static partial nint recv(int socket, ref byte bytes, nint length, int flags);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
