<?php
// A client of the Refill API. It needs PHP 8 and no extension.
//
//   export REFILL=https://refill.example.net KEY_FILE=/etc/acme/refill-key
//   printf %s CODE | php refill.php redeem USERNAME REFERENCE
//   php refill.php list [REFERENCE]
declare(strict_types=1);

/** An answer that does not change by asking again. */
class Refused extends Exception
{
    public function __construct(public readonly int $status, public readonly string $problem, string $detail)
    {
        parent::__construct($detail);
    }
}

class Refill
{
    /** The same request can succeed later. 0 is no answer: the outcome is unknown. */
    private const AGAIN = [0, 408, 429, 500, 502, 503, 504];

    public function __construct(private string $address, private string $key, private int $tries = 5)
    {
    }

    /** Redeems a card once for a reference, however often it is called. */
    public function redeem(string $code, string $username, string $reference): array
    {
        return $this->ask('POST', '/redemptions', ['code' => $code, 'customer' => ['username' => $username], 'reference' => $reference], $reference);
    }

    /** Yields redemptions, newest first, page by page. */
    public function redemptions(array $filters = []): Generator
    {
        do {
            $page = $this->ask('GET', '/redemptions?' . http_build_query($filters + ['limit' => 50]));
            yield from $page['data'];
            $filters['after'] = $page['next'];
        } while ($page['next'] !== null);
    }

    private function ask(string $method, string $path, ?array $body = null, ?string $key = null): array
    {
        $headers = ['Authorization: Bearer ' . $this->key];
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
        }
        if ($key !== null) {
            $headers[] = 'Idempotency-Key: ' . $key;
        }
        $http = ['method' => $method, 'header' => $headers, 'timeout' => 30, 'ignore_errors' => true];
        if ($body !== null) {
            $http['content'] = json_encode($body, JSON_THROW_ON_ERROR);
        }
        for ($try = 1; ; $try++) {
            [$status, $wait, $answer] = $this->send(rtrim($this->address, '/') . '/api/v1' . $path, $http);
            if ($status >= 200 && $status < 300) {
                return json_decode($answer, true, 32, JSON_THROW_ON_ERROR);
            }
            if (!in_array($status, self::AGAIN, true) || $try === $this->tries) {
                $problem = json_decode($answer, true) ?? []; // a proxy on the way may have answered
                throw new Refused($status, $problem['code'] ?? '', $problem['detail'] ?? "status $status");
            }
            sleep($wait ?? $try);
        }
    }

    /** @return array{int, ?int, string} status, seconds to wait, body */
    private function send(string $address, array $http): array
    {
        $http_response_header = [];
        $body = @file_get_contents($address, false, stream_context_create(['http' => $http]));
        if ($body === false) {
            return [0, null, ''];
        }
        $status = 0;
        $wait = null;
        foreach ($http_response_header as $line) {
            if (preg_match('~^HTTP/\S+ (\d+)~', $line, $found)) {
                $status = (int) $found[1];
            } elseif (preg_match('~^Retry-After: (\d+)~i', $line, $found)) {
                $wait = (int) $found[1];
            }
        }
        return [$status, $wait, $body];
    }
}

if (realpath($_SERVER['SCRIPT_FILENAME']) === __FILE__) {
    $refill = new Refill((string) getenv('REFILL'), trim((string) file_get_contents((string) getenv('KEY_FILE'))));
    try {
        if ($argc === 4 && $argv[1] === 'redeem') {
            echo json_encode($refill->redeem(trim(stream_get_contents(STDIN)), $argv[2], $argv[3])), "\n";
        } elseif ($argc <= 3 && ($argv[1] ?? '') === 'list') {
            foreach ($refill->redemptions($argc === 3 ? ['reference' => $argv[2]] : []) as $one) {
                echo json_encode($one), "\n";
            }
        } else {
            fwrite(STDERR, "usage: refill.php redeem USERNAME REFERENCE | refill.php list [REFERENCE]\n");
            exit(2);
        }
    } catch (Refused $refused) {
        fwrite(STDERR, "{$refused->problem}: {$refused->getMessage()}\n");
        exit(1);
    }
}
