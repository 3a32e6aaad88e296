import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.crypto.DecryptionPropertiesFactory;
import org.apache.parquet.crypto.EncryptionPropertiesFactory;
import org.apache.parquet.crypto.FileDecryptionProperties;
import org.apache.parquet.crypto.FileEncryptionProperties;
import org.apache.parquet.crypto.ParquetCryptoRuntimeException;
import org.apache.parquet.hadoop.api.WriteSupport;

/**
 * Under which key Spark writes and reads every Parquet file: footer and columns under one, AES-GCM (table_key.py).
 *
 * <p>The key is read where it is mounted, by the driver and by each executor. Settings say where, and nothing else.
 */
public class TableKey implements EncryptionPropertiesFactory, DecryptionPropertiesFactory {

    private static final String WHERE = "gp.level.data.table.key";

    public FileEncryptionProperties getFileEncryptionProperties(
            Configuration settings, Path file, WriteSupport.WriteContext written) {
        return FileEncryptionProperties.builder(key(settings)).build();
    }

    public FileDecryptionProperties getFileDecryptionProperties(Configuration settings, Path file) {
        return FileDecryptionProperties.builder().withFooterKey(key(settings)).build();
    }

    private static byte[] key(Configuration settings) {
        try {
            return Files.readAllBytes(Paths.get(settings.get(WHERE)));
        } catch (IOException error) {
            throw new ParquetCryptoRuntimeException("The key of the cluster's tables cannot be read.");
        }
    }
}
